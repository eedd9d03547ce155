import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { Visit } from './harness';
import { narrow, useWorld } from './harness';

const world = useWorld({ extent: 'connected' });
const modelOf = async (name: string) => world.api('GET', `/api/v1/models/${await world.uid('models', name)}`);

// Of a Mantine select: opens it, and takes an option.
async function choose(visit: Visit, label: string, option: string | RegExp) {
  await visit.page.getByRole('combobox', { name: label, exact: true }).click();
  await visit.page.getByRole('option', { name: option }).last().click();
}

it('makes a model of a table in three clicks, and says what its key is worth', async () => {
  writeFileSync(join(world.shop, 'subscribers.csv'), 'subscriber_id,mail,since,plan\ns1,a@example.com,03/04/2024,1\ns2,b@example.com,13/04/2024,2\ns3,b@example.com,14/04/2024,2\n');
  const visit = await world.open('/models/new');
  const { page } = visit;
  await choose(visit, 'Table', /subscribers/);
  await page.getByText('3 rows: every subscriber_id is there and different.').waitFor();
  expect(await page.getByLabel('Name of the model').inputValue()).toBe('subscribers');
  // A key that repeats is told with its numbers, and so is one that would be refused.
  await choose(visit, 'Key: the field that tells people apart', 'mail');
  await page.getByText('This field does not tell people apart').waitFor();
  await page.getByText(/Of 3 rows: 1 repeats another row/).waitFor();
  await visit.isWell();
  await choose(visit, 'Key: the field that tells people apart', 'subscriber_id');
  await page.getByLabel('Label of mail').fill('E-mail address');
  // Days are written in another way: what was text becomes a date.
  await page.getByLabel('Type of since').selectOption('date');
  await page.getByLabel('How since is written').fill('%d/%m/%Y');
  await page.getByRole('table', { name: 'Rows' }).getByText('2024-04-13').waitFor();
  await choose(visit, 'Time zone', 'Europe/Paris');
  await visit.shot('new-model', { full: true });
  await page.getByRole('button', { name: 'Create the model' }).click();
  await page.getByRole('heading', { name: 'subscribers', exact: true }).waitFor();
  expect(await modelOf('subscribers')).toMatchObject({
    type: 'users', table: expect.stringMatching(/^subscribers/), primary_key: 'subscriber_id', tz: 'Europe/Paris',
    fields: [{ name: 'subscriber_id' }, { name: 'mail', label: 'E-mail address' }, { name: 'since', type: 'date', format: '%d/%m/%Y' }, { name: 'plan' }],
  });
  await page.getByRole('tab', { name: 'Rows' }).click();
  await page.getByRole('table', { name: 'Rows of subscribers' }).getByText('2024-04-13').waitFor();
  await visit.isWell();
});

it('makes a model of a query, and says what is wrong with one', async () => {
  const visit = await world.open('/models/new');
  const { page } = visit;
  await page.getByText('A query (SQL)').click();
  await page.getByRole('textbox', { name: 'Query' }).fill('SELECT country, count(*) AS n FROM customers GROUP BY countri');
  await page.getByRole('button', { name: 'Run the query' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('textbox', { name: 'Query' }).fill('SELECT country, count(*) AS people FROM customers GROUP BY country');
  await page.getByRole('button', { name: 'Run the query' }).click();
  await page.getByLabel('Name of the model').fill('countries');
  await page.getByText('Other things').click();
  await choose(visit, 'Key: the field that tells rows apart', 'country');
  await page.getByText('5 rows: every country is there and different.').waitFor();
  await page.getByRole('button', { name: 'Create the model' }).click();
  await page.getByRole('heading', { name: 'countries', exact: true }).waitFor();
  expect(await modelOf('countries')).toMatchObject({ type: 'custom', primary_key: 'country', sql: expect.stringContaining('GROUP BY country') });
});

it('relates models, both ways at once, with keys that it guesses', async () => {
  const visit = await world.open(`/models/${await world.uid('models', 'orders')}`);
  const { page } = visit;
  await page.getByRole('tab', { name: 'Relations' }).click();
  await page.getByRole('button', { name: 'Add a relation' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('The other model').selectOption('customers');
  await page.waitForFunction(() => [...document.querySelectorAll('[role="dialog"] input')].some((one) => (one as HTMLInputElement).value === 'customer'));
  expect(await dialog.getByRole('combobox', { name: 'This field of orders' }).inputValue()).toBe('customer_id');
  expect(await dialog.getByRole('combobox', { name: 'equals this field of customers' }).inputValue()).toBe('customer_id');
  await visit.isWell();
  await dialog.getByRole('button', { name: 'Save the relation' }).click();
  await page.getByText('orders belongs to one of customers: customer_id = customers.customer_id').waitFor();
  expect((await modelOf('orders')).relations).toEqual([{ name: 'customer', kind: 'belongs_to', model: 'customers', key: 'customer_id', foreign_key: 'customer_id' }]);

  // All of them as a drawing, and the same in words beside it.
  await visit.go('/models');
  await page.getByRole('tab', { name: 'Relations' }).click();
  await page.getByText('customers has many orders: customer_id = orders.customer_id').waitFor();
  await visit.isWell();
  await visit.shot('relations');
  await page.getByRole('button', { name: 'Edit the relation customer of orders' }).click();
  await dialog.getByLabel('Name of the relation').fill('buyer');
  await dialog.getByRole('button', { name: 'Save the relation' }).click();
  await page.getByText('buyer · orders belongs to one of customers').waitFor();
  await page.getByRole('button', { name: 'Remove the relation buyer of orders' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('orders belongs to one of customers').waitFor({ state: 'detached' });
  await world.api('PUT', `/api/v1/models/${await world.uid('models', 'orders')}`, {
    ...(await modelOf('orders')), relations: [{ name: 'customer', kind: 'belongs_to', model: 'customers', key: 'customer_id', foreign_key: 'customer_id' }],
  }, { 'If-Match': '*' });
});

it('makes computed fields of all five kinds, each shown before it is saved', async () => {
  const customers = await world.uid('models', 'customers');
  const visit = await world.open(`/models/${customers}?tab=computed`);
  const { page } = visit;
  const dialog = page.getByRole('dialog');
  const begin = async (kind: string) => {
    await page.getByRole('button', { name: 'Add a computed field' }).click();
    await dialog.getByRole('button', { name: new RegExp(`^${kind}`) }).click();
  };
  const save = async (name: string) => {
    await dialog.getByText('For example').waitFor();
    await dialog.getByRole('button', { name: 'Save the field' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `Edit ${name}`, exact: true }).waitFor();
  };

  await begin('Formula');
  await visit.isWell();
  await dialog.getByLabel('Formula').fill("first_name || ' ' || last_nam");
  await dialog.getByLabel('Name', { exact: true }).fill('full_name');
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Formula').fill("first_name || ' ' || last_name");
  await dialog.getByText('Ann Berg').waitFor();
  await save('full_name');

  await begin('Count');
  await dialog.getByLabel('What is counted').selectOption('orders');
  await dialog.getByRole('button', { name: 'Add condition' }).click();
  await dialog.getByPlaceholder('Choose a field').click();
  await page.getByRole('option', { name: /^total/ }).click();
  await dialog.getByRole('textbox', { name: /total/ }).fill('200');
  await dialog.getByLabel('Name', { exact: true }).fill('dear_orders');
  await dialog.getByText('For example').waitFor();
  await visit.shot('computed-field');
  await visit.isWell();
  await save('dear_orders');

  await begin('Total');
  await dialog.getByLabel('Whose values').selectOption('orders');
  await choose(visit, 'Field of orders', /^total/);
  await dialog.getByLabel('What of it').selectOption('max');
  expect(await dialog.getByLabel('Name', { exact: true }).inputValue()).toBe('last_total');
  await dialog.getByLabel('Label').fill('Dearest order');
  await save('last_total');

  const stored = (await modelOf('customers')).computed as { name: string }[];
  expect(stored.slice(-3)).toEqual([
    { name: 'full_name', formula: "first_name || ' ' || last_name" },
    { name: 'dear_orders', aggregate: 'count', relation: 'orders', where: expect.anything() },
    { name: 'last_total', label: 'Dearest order', aggregate: 'max', relation: 'orders', field: 'total' },
  ]);

  await visit.go(`/models/${await world.uid('models', 'orders')}?tab=computed`);
  await begin('Field of a related row');
  await dialog.getByLabel('The related row').selectOption('customer');
  await choose(visit, 'Field of customer', /^country/);
  await save('country');
  expect((await modelOf('orders')).computed).toEqual([{ name: 'country', related: 'customer', field: 'country' }]);

  await visit.go(`/models/${customers}?tab=computed`);
  await page.getByRole('button', { name: 'Remove full_name' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Edit full_name' }).waitFor({ state: 'detached' });
  await visit.isWell();
});

it('labels people by conditions', async () => {
  const customers = await world.uid('models', 'customers');
  await world.api('PUT', `/api/v1/models/${customers}`, {
    ...(await modelOf('customers')),
    computed: [...(await modelOf('customers')).computed, { name: 'tier', cases: [{ when: { field: 'order_count', op: 'gte', value: 3 }, then: 'gold' }, { then: 'silver' }] }],
  }, { 'If-Match': '*' });
  const visit = await world.open(`/models/${customers}?tab=computed`, { size: narrow });
  const { page } = visit;
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Edit tier', exact: true }).click();
  await dialog.getByLabel('Otherwise').fill('bronze');
  await dialog.getByText('gold').first().waitFor();
  await dialog.getByText('bronze').first().waitFor();
  await visit.isWell();
  await dialog.getByRole('button', { name: 'Save the field' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await modelOf('customers')).computed.at(-1)).toEqual({ name: 'tier', cases: [{ when: { field: 'order_count', op: 'gte', value: 3 }, then: 'gold' }, { then: 'bronze' }] });
});

it('lets one choose where two people changed a model, and keeps both', async () => {
  const uid = await world.uid('models', 'subscribers');
  const visit = await world.open(`/models/${uid}`);
  const { page } = visit;
  await page.getByLabel('Label of plan').fill('Plan');
  await world.api('PUT', `/api/v1/models/${uid}`, { ...(await modelOf('subscribers')), tz: 'Asia/Tokyo' }, { 'If-Match': '*' });
  await page.getByRole('button', { name: 'Save the model' }).click();
  await page.getByRole('dialog', { name: /Somebody else changed this model/ }).waitFor();
  await page.getByText('Somebody else changed tz.').waitFor();
  await page.getByRole('button', { name: 'Keep both' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const stored = await modelOf('subscribers');
  expect([stored.tz, stored.fields.at(-1)]).toEqual(['Asia/Tokyo', { name: 'plan', label: 'Plan' }]);
});

it('asks before an unsaved change is left, and says what a model is needed by', async () => {
  const visit = await world.open(`/models/${await world.uid('models', 'customers')}`);
  const { page } = visit;
  await page.getByLabel('Label of city').fill('Town');
  await page.getByRole('navigation').getByRole('link', { name: 'Sources' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByText('has default settings for it').waitFor();
});
