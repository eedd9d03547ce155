import { describe, expect, it } from 'vitest';

import { narrow, until, useWorld } from './harness';
import type { Visit } from './harness';
import { isContact } from './shop';

const world = useWorld({ extent: 'segments' });

const readers = () => world.people.filter((one, i) => one.newsletter && isContact(one, i)).map((one) => one.email).sort();
const regulars = () => world.people.filter((one, i) => one.orders.length >= 3 && isContact(one, i)).map((one) => one.email).sort();

const choose = async (visit: Visit, label: string, option: string | RegExp, within = visit.page.locator('body')) => {
  await within.getByRole('combobox', { name: label }).last().click();
  await visit.page.getByRole('option', { name: option }).click();
};

it('teaches while there is none', async () => {
  const visit = await world.open('/activations');
  await visit.page.getByRole('heading', { name: 'No activation yet' }).waitFor();
  await visit.isWell();
});

describe('with one click', () => {
  it('makes the right list, and says what happens next', async () => {
    const visit = await world.open(`/activations/new?segment=${await world.uid('segments', 'Newsletter readers')}`);
    const { page } = visit;
    const card = page.getByRole('region', { name: 'With one click' });
    await card.getByText('A list named “Newsletter readers” is made in Iterable', { exact: false }).waitFor();
    await card.getByText('then it runs every hour', { exact: false }).waitFor();
    await visit.isWell();
    await visit.shot('activate-one-click');
    await card.getByRole('button', { name: 'Activate now' }).click();
    await page.getByRole('status').getByText('The first run', { exact: false }).waitFor();
    await page.getByText('Healthy').first().waitFor({ timeout: 60_000 });
    expect(await world.members('Newsletter readers')).toEqual(readers());
    await page.getByText('On the list, as Iterable confirmed').waitFor();
    await visit.isWell();
    await visit.shot('activation');
  });
});

describe('by the form', () => {
  it('goes from the three sections over the preview to a list that is right', async () => {
    const visit = await world.open(`/activations/new?segment=${await world.uid('segments', 'Regulars')}`);
    const { page } = visit;
    for (const title of ['Activation name and description', 'Fields mapping', 'Scheduling']) await page.getByRole('heading', { name: title }).waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Regulars <b>of</b> the shop');
    await page.getByRole('textbox', { name: 'Description' }).fill('Three orders or more');
    // A conflict shows at once, and holds up the saving.
    await page.getByRole('button', { name: 'Add an attribute' }).click();
    const line = page.getByRole('group', { name: 'Attribute' }).last();
    await choose(visit, 'Field of the model', /^signed_up_on/, line);
    await choose(visit, 'Attribute in Iterable', /^city/, page.getByRole('group', { name: 'Attribute' }).last());
    await page.getByText('Fits: city takes text', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Remove city' }).click();
    await page.getByRole('button', { name: 'Add a new attribute' }).click();
    await choose(visit, 'Field of the model', /lifetime_value/, page.getByRole('group', { name: /^New attribute/ }));
    const made = page.getByRole('group', { name: 'New attribute lifetimeValue' });
    await choose(visit, 'Its type', /^yes or no/, made);
    await page.getByText('lifetime_value is integer, and lifetimeValue takes boolean').waitFor();
    expect(await page.getByRole('button', { name: 'Save and preview' }).isDisabled()).toBe(true);
    await choose(visit, 'Its type', /^number \(double\)/, made);
    await page.getByRole('radio', { name: 'On days at a time' }).click();
    await page.getByRole('list').getByRole('listitem').nth(4).waitFor();
    await visit.isWell();
    await visit.shot('activation-form', { full: true });
    await page.getByRole('button', { name: 'Save and preview' }).click();
    await page.getByRole('heading', { name: 'Not active yet' }).waitFor();
    const people = page.getByRole('region', { name: 'People whom the next run is about' });
    await people.getByText('no contact yet').first().waitFor({ timeout: 60_000 });
    await visit.isWell();
    await visit.shot('activation-preview');
    expect(await world.sim('/_sim/lists').then((all) => all.lists.map((one: { name: string }) => one.name))).not.toContain('Regulars <b>of</b> the shop');
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.getByRole('status').getByText('The first run', { exact: false }).waitFor();
    await page.getByText('Healthy').first().waitFor({ timeout: 60_000 });
    expect(await world.members('Regulars <b>of</b> the shop')).toEqual(regulars());
    const ann = world.people.find((one) => one.email === regulars()[0])!;
    const contact = await world.sim(`/_sim/contacts?email=${encodeURIComponent(ann.email)}`);
    expect(contact.dataFields.lifetimeValue).toBe(ann.orders.reduce((sum, one) => sum + one.total, 0));
  });

  it('asks before a draft is left, and keeps it when told to stay', async () => {
    const visit = await world.open(`/activations/new?segment=${await world.uid('segments', 'Swedes without an order')}`);
    const { page } = visit;
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Another');
    await page.getByRole('navigation').getByText('Runs').click();
    await page.getByRole('dialog').getByText('Leave without saving?').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('Another');
  });
});

describe('later', () => {
  it('pauses, resumes, runs and compares with Iterable’s list, which it repairs', async () => {
    const uid = await world.uid('activations', 'Newsletter readers');
    const visit = await world.open(`/activations/${uid}`);
    const { page } = visit;
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused: it runs only', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    // Somebody takes a person off the list in Iterable.
    const { lists } = await world.sim('/_sim/lists');
    const list = lists.find((one: { name: string }) => one.name === 'Newsletter readers');
    await world.sim(`/_sim/lists/${list.id}/members`, 'DELETE', [{ email: readers()[0] }]);
    await page.getByRole('tab', { name: 'Iterable’s list' }).click();
    await page.getByText('1 person should be on it and is not', { exact: false }).waitFor();
    await visit.isWell();
    await visit.shot('audit');
    await page.getByRole('button', { name: 'Repair' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Repair' }).click();
    await until(async () => (await world.members('Newsletter readers')).length === readers().length, 'the list was not repaired');
    expect(await world.members('Newsletter readers')).toEqual(readers());
  });

  it('shows two people’s changes as a choice', async () => {
    const uid = await world.uid('activations', 'Newsletter readers');
    const visit = await world.open(`/activations/${uid}/edit`);
    const { page } = visit;
    await page.getByRole('textbox', { name: 'Description' }).fill('Mine');
    const { uid: _uid, next_run_at: _next, ...body } = await world.api('GET', `/api/v1/activations/${uid}`);
    await world.api('PUT', `/api/v1/activations/${uid}`, { ...body, schedule: { every: '3h' } }, { 'If-Match': '*' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').getByText('Somebody else changed', { exact: false }).first().waitFor();
    await visit.axe();
    await page.getByRole('button', { name: 'Keep both' }).click();
    await page.getByText('Runs every 3 hours', { exact: false }).first().waitFor();
    const now = await world.api('GET', `/api/v1/activations/${uid}`);
    expect([now.description, now.schedule]).toEqual(['Mine', { every: '3h' }]);
  });

  it('archives, at 390 px, and leaves the list as it is', async () => {
    const uid = await world.uid('activations', 'Newsletter readers');
    const visit = await world.open(`/activations/${uid}`, { size: narrow });
    const { page } = visit;
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Archive' }).click();
    await page.getByRole('dialog').getByText('Stays as it is', { exact: false }).waitFor();
    await visit.axe();
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('heading', { level: 1, name: 'Activations' }).waitFor();
    expect(await world.members('Newsletter readers')).toEqual(readers());
  });
});
