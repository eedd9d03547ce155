import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Locator, Page } from 'playwright-core';

import { narrow, useWorld } from './harness';
import type { Visit } from './harness';
import { isContact } from './shop';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

// People with a field of every type, and what they bought, with a relation back.
const catalog = `version: 1
models:
  - name: shoppers
    type: users
    source: shop
    sql: |
      SELECT customer_id, email, first_name, country, city, signed_up_on, newsletter,
             CAST(signed_up_on AS TIMESTAMP) + INTERVAL 9 HOUR AS seen_at,
             CAST(substr(customer_id, 2) AS BIGINT) AS number,
             CASE WHEN newsletter THEN ['news', 'offers'] ELSE ['news'] END AS interests
      FROM customers
    primary_key: customer_id
    relations:
      - {name: purchases, kind: has_many, model: purchases, key: customer_id, foreign_key: customer_id}
    computed:
      - {name: spent, aggregate: sum, relation: purchases, field: total, label: Spent in all}
  - name: purchases
    type: events
    source: shop
    sql: |
      SELECT order_id, customer_id, total, CAST(ordered_on AS TIMESTAMP) AS bought_at,
             CASE WHEN total > 200 THEN 'web' ELSE 'shop' END AS channel
      FROM orders
    primary_key: order_id
    relations:
      - {name: buyer, kind: belongs_to, model: shoppers, key: customer_id, foreign_key: customer_id}
segments:
  - {name: Readers, model: shoppers, tags: [letters], where: {field: newsletter, op: is_true}}
`;

const world = useWorld({ extent: 'all', catalog });

// How many people a query of our own finds: it becomes a model, all of whom are counted.
let queries = 0;
async function bySql(query: string): Promise<number> {
  const name = `by hand ${++queries}`;
  const where = query.trim().replaceAll('\n', ' ');
  await world.api('POST', '/api/v1/models', { name, type: 'users', source: 'shop', sql: where, primary_key: 'customer_id' });
  return (await world.api('POST', '/api/v1/segments/count', { model: name })).people;
}

async function size(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Count again' }).waitFor();
  return Number((await page.getByTestId('size').innerText()).replaceAll(',', ''));
}

const rule = (page: Page) => page.getByRole('region', { name: 'Rule' });
const card = (page: Page, index: number) => rule(page).locator('[data-kind]').nth(index);

async function choose(page: Page, at: Locator, option: string) {
  await at.click();
  await page.getByRole('option', { name: option }).first().click();
}
async function addCondition(page: Page, field: string, index: number): Promise<Locator> {
  await rule(page).getByRole('button', { name: 'Add condition' }).last().click();
  const made = card(page, index);
  await choose(page, made.getByRole('combobox', { name: 'Field' }), field);
  return made;
}
async function addMore(page: Page, item: string, at = rule(page)) {
  await at.getByRole('button', { name: 'Add more…' }).last().click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}
const newSegment = async (options = {}) => {
  const visit = await world.open('/segments/new?model=shoppers', options);
  await rule(visit.page).waitFor();
  return visit;
};
async function save(page: Page) {
  await page.getByRole('button', { name: /^Save/ }).click();
  await page
    .getByText(/^Saved/)
    .first()
    .waitFor();
}
const stored = async (name: string) => (await world.api('GET', `/api/v1/segments?name=${encodeURIComponent(name)}`)).items[0];

describe('the list', () => {
  it('shows all with where each is used, and finds by name and tag', async () => {
    const visit = await world.open('/segments');
    const { page } = visit;
    await page.getByRole('link', { name: 'Regulars' }).waitFor();
    expect(await page.getByRole('row', { name: /Regulars/ }).innerText()).toContain('1 activation');
    expect(await page.getByRole('row', { name: /Swedes/ }).innerText()).toContain('Not activated yet');
    await visit.isWell();
    await visit.shot('segments', { full: true });
    await page.getByLabel('Search').fill('swed');
    await page.getByText('1 of 4 segments').waitFor();
    await page.getByLabel('Search').fill('');
    await choose(page, page.getByRole('combobox', { name: 'Tag' }), 'letters');
    await page.getByText('1 of 4 segments').waitFor();
    await page.getByRole('link', { name: 'Readers' }).click();
    await page.getByRole('heading', { name: 'Readers', level: 1 }).waitFor();
  });
});

describe('building', () => {
  it('by keyboard alone, counted as SQL counts', async () => {
    const visit = await newSegment();
    const { page } = visit;
    const press = (key: string) => page.keyboard.press(key);
    await visit.tabTo(/^Name/);
    await page.keyboard.type('Southern readers');
    await visit.tabTo('Add condition');
    await press('Enter');
    // The keyboard is in the new condition.
    await page.keyboard.type('country');
    await expect.poll(() => page.locator('[role=option]:visible').count()).toBe(1);
    await press('ArrowDown');
    await press('Enter');
    await expect.poll(() => page.locator('[role=option]:visible').count()).toBe(0);
    await visit.tabTo('Comparison');
    await press('ArrowDown');
    await press('ArrowDown'); // is, is not, is any of
    await visit.tabTo('Value for country');
    await page.keyboard.type('Italy');
    await press('Enter');
    await page.keyboard.type('Spain');
    await press('Enter');
    await press('Escape');
    await visit.tabTo('Add condition');
    await press('Enter');
    await page.keyboard.type('newsletter');
    await expect.poll(() => page.locator('[role=option]:visible').count()).toBe(1);
    await press('ArrowDown');
    await press('Enter');
    await expect.poll(() => page.locator('[role=option]:visible').count()).toBe(0);
    await visit.tabTo('Add more…');
    await press('Enter');
    await visit.arrowTo('purchases');
    await press('Enter');
    await page.getByLabel('Related to').waitFor();
    await visit.tabTo('How many purchases');
    await press('Control+a');
    await page.keyboard.type('2');
    expect(await size(page)).toBe(
      await bySql(`SELECT c.customer_id FROM customers c WHERE country IN ('Italy', 'Spain') AND newsletter
                   AND (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) >= 2`),
    );
    // The last card goes to the top by its button.
    await page.getByRole('button', { name: /^Move up: has at least 2 purchases/ }).focus();
    await press('Enter');
    await press('Enter');
    expect(await card(page, 0).getAttribute('aria-label')).toBe('has at least 2 purchases');
    await press('Control+s');
    await page.getByText('Saved. Not activated yet').waitFor();
    expect((await stored('Southern readers')).where).toEqual({
      all: [
        { related: 'purchases', count: { op: 'gte', value: 2 } },
        { field: 'country', op: 'in', value: ['Italy', 'Spain'] },
        { field: 'newsletter', op: 'is_true' },
      ],
    });
  });

  it('a related card with count, which and when, nested relations, another segment, a group of none', async () => {
    const visit = await newSegment();
    const { page } = visit;
    await page.getByLabel('Name').fill('Web buyers');
    await addMore(page, 'purchases');
    const related = card(page, 0);
    await related.getByLabel('Comparison').selectOption({ label: 'at least' });
    await related.getByLabel('How many purchases').fill('2');
    await related.getByRole('button', { name: 'Add condition' }).click();
    await choose(page, related.getByRole('combobox', { name: 'Field' }).first(), 'channel');
    await related.getByLabel('Value for channel').fill('web');
    await page.keyboard.press('Escape'); // the values that are suggested lie over what comes next
    await related.getByRole('button', { name: 'Add when' }).click();
    await related.getByLabel('Value for bought_at: how many').fill('400');
    const bounds = await related.getByTestId('bounds').innerText();
    expect(bounds).toMatch(/^since \w{3} \d+ \w{3} \d{4}, \d\d:\d\d UTC, until now: today included$/);
    await page.keyboard.press('Escape');
    expect(await size(page)).toBe(
      await bySql(`SELECT c.customer_id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id
                   AND total > 200 AND ordered_on >= current_date - 399) >= 2`),
    );

    // Of the buyer of a purchase, which is the person again: relations nest.
    await addMore(page, 'buyer', related);
    await rule(page).getByLabel('Related to').nth(1).waitFor();
    // And nobody who reads, or lives in Sweden.
    await addMore(page, 'None of these holds');
    const none = rule(page).locator('[data-kind="group"]').last();
    await addMore(page, 'Is in a segment', none);
    await choose(page, none.getByRole('combobox', { name: 'Segment', exact: true }), 'Readers');
    await none.getByRole('button', { name: 'Add condition' }).click();
    await choose(page, none.getByRole('combobox', { name: 'Field' }), 'country');
    await none.getByLabel('Value for country').fill('sweden');
    await page.keyboard.press('Escape');
    await none.getByLabel('Capitals do not matter').check();
    const sql = `SELECT c.customer_id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id
                 AND total > 200 AND ordered_on >= current_date - 399) >= 2 AND NOT newsletter AND country <> 'Sweden'`;
    expect(await size(page)).toBe(await bySql(sql));
    // Each top-level card tells how many it matches by itself.
    expect(await page.getByTestId('card-count').count()).toBe(2);
    await visit.isWell();
    await page.evaluate(() => window.scrollTo(0, 0));
    await visit.shot('segment-rule', { dark: true, full: true });
    await save(page);
    expect((await stored('Web buyers')).where).toEqual({
      all: [
        {
          related: 'purchases',
          count: { op: 'gte', value: 2 },
          where: {
            all: [
              { field: 'channel', op: 'eq', value: 'web' },
              { field: 'bought_at', op: 'within_last', value: { days: 400 } },
              { related: 'buyer' },
            ],
          },
        },
        { none: [{ in_segment: 'Readers' }, { field: 'country', op: 'eq', value: 'sweden', ignore_case: true }] },
      ],
    });
  });

  it('every kind of value, counted as SQL counts', async () => {
    const visit = await newSegment();
    const { page } = visit;
    const one = async (field: string, comparison: string, fill: (at: Locator) => Promise<void>, sql: string) => {
      const made = await addCondition(page, field, 0);
      await made.getByLabel('Comparison').selectOption({ label: comparison });
      await fill(made);
      await page.keyboard.press('Escape');
      expect(await size(page), `${field} ${comparison}`).toBe(await bySql(`SELECT customer_id FROM customers c WHERE ${sql}`));
      await page.getByRole('button', { name: /^Remove: / }).click();
    };
    await one(
      'number',
      'is between',
      async (at) => {
        await at.getByLabel('Value for number: from').fill('10');
        await at.getByLabel('Value for number: to').fill('20.5');
      },
      'CAST(substr(customer_id, 2) AS INT) BETWEEN 10 AND 20.5',
    );
    await one(
      'Spent in all',
      'is more than',
      (at) => at.getByLabel('Value for spent').fill('500'),
      '(SELECT sum(total) FROM orders o WHERE o.customer_id = c.customer_id) > 500',
    );
    await one(
      'signed_up_on',
      'is on the day',
      (at) => at.getByLabel('Value for signed_up_on').fill(world.people[7]!.signedUp),
      `signed_up_on = DATE '${world.people[7]!.signedUp}'`,
    );
    await one(
      'seen_at',
      'is between',
      async (at) => {
        await at.getByLabel('Value for seen_at: from', { exact: true }).fill(world.people[9]!.signedUp);
        await at.getByLabel('Value for seen_at: to', { exact: true }).fill(world.people[5]!.signedUp);
      },
      `signed_up_on BETWEEN DATE '${world.people[9]!.signedUp}' AND DATE '${world.people[5]!.signedUp}'`,
    );
    await one(
      'signed_up_on',
      'has its anniversary within the next',
      (at) => at.getByLabel('Value for signed_up_on: how many').fill('30'),
      `list_has_any([signed_up_on + to_years((year(current_date) - year(signed_up_on))::INT), signed_up_on + to_years((year(current_date) - year(signed_up_on) + 1)::INT)],
        generate_series(current_date::TIMESTAMP, current_date + INTERVAL 30 DAY, INTERVAL 1 DAY))`,
    );
    await one(
      'interests',
      'has all of',
      async (at) => {
        await at.getByLabel('Value for interests').fill('offers');
        await page.keyboard.press('Enter');
      },
      'newsletter',
    );
    await one('email', 'ends with', (at) => at.getByLabel('Value for email').fill('1@example.com'), "email LIKE '%1@example.com'");
    await one('newsletter', 'is no', () => Promise.resolve(), 'NOT newsletter');
  });

  it('suggests values with counts, takes others, and a pasted column', async () => {
    const visit = await newSegment();
    const { page } = visit;
    const made = await addCondition(page, 'country', 0);
    await made.getByLabel('Comparison').selectOption({ label: 'is any of' });
    const input = made.getByLabel('Value for country');
    await input.click();
    await page.getByRole('option', { name: 'Sweden 48' }).click();
    await page.getByText('All 5 values of 240 shoppers').waitFor();
    await input.fill('Atlantis');
    await page.getByRole('option', { name: 'Add “Atlantis”' }).click();
    await page.keyboard.press('Escape');
    await made.getByRole('button', { name: 'Edit as a list' }).click();
    await page.getByLabel('One value a line').fill('Sweden\nAtlantis\nItaly\tRome\nItaly\tMilan\n');
    await page.getByText('3 values, from the first of 2 columns').waitFor();
    await page.getByRole('button', { name: 'Take these values' }).click();
    expect(await size(page)).toBe(96);
    await input.focus();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text', 'Spain\r\nFrance\r\nSpain');
      document.activeElement!.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.getByText('2 values pasted; 1 twice').first().waitFor();
    expect(await size(page)).toBe(192);
  });

  it('undoes and redoes, keeps a value that still fits, and stops counting what changed', async () => {
    const visit = await newSegment();
    const { page } = visit;
    const made = await addCondition(page, 'country', 0);
    await made.getByLabel('Value for country').fill('Italy');
    await page.keyboard.press('Escape');
    expect(await size(page)).toBe(48);
    await made.getByLabel('Comparison').selectOption({ label: 'is any of' });
    await made.getByText('Italy', { exact: true }).waitFor();
    await choose(page, made.getByRole('combobox', { name: 'Field' }), 'city');
    await made.getByText('Italy', { exact: true }).waitFor();
    expect(await size(page)).toBe(0);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    expect(await size(page)).toBe(48);
    await page.keyboard.press('Control+Shift+z');
    await made.getByText('Italy', { exact: true }).waitFor();
    await made
      .getByRole('button', { name: /^Remove: / })
      .last()
      .click();
    await page.getByText('Everyone in shoppers. Add a condition').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await size(page)).toBe(48);

    // A count under way ends as soon as the rule is another.
    const ended: string[] = [];
    page.on('requestfailed', (request) => ended.push(request.url()));
    await page.route('**/api/v1/segments/count', async (route) => {
      await new Promise((done) => setTimeout(done, 3000));
      await route.continue().catch(() => undefined);
    });
    await made.getByRole('button', { name: 'Remove Italy' }).click();
    await made.getByLabel('Value for country').fill('Spain');
    const asked = page.waitForRequest('**/api/v1/segments/count');
    await page.keyboard.press('Enter');
    await asked;
    await made.getByRole('button', { name: 'Remove Spain' }).click();
    await expect.poll(() => ended.length).toBeGreaterThan(0);
    await page.unroute('**/api/v1/segments/count');
  });

  it('begins with a template', async () => {
    const visit = await newSegment();
    const { page } = visit;
    await page.getByRole('button', { name: /^Lapsed/ }).click();
    await page.getByLabel('Name').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('Lapsed for 90 days');
    expect(await size(page)).toBe(
      await bySql(`SELECT c.customer_id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id)
                   AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND ordered_on >= current_date - 89)`),
    );
    await visit.isWell();
  });
});

describe('what the rule comes to', () => {
  let uid = '';
  beforeAll(async () => {
    uid = await world.uid('segments', 'Regulars');
    await world.run(await world.uid('activations', 'Regulars'));
  });
  const open = async (tab: string): Promise<Visit> => world.open(`/segments/${uid}?tab=${tab}`);

  it('people, one of them whole', async () => {
    const visit = await open('people');
    const { page } = visit;
    const regulars = world.people.filter((one) => one.orders.length >= 3);
    expect(await size(page)).toBe(regulars.length);
    await page.getByText(`20 of ${regulars.length}`).waitFor();
    await page.getByRole('region', { name: 'Some of the people' }).getByRole('button').first().click();
    await page.getByRole('dialog').getByText('Lifetime value').waitFor();
    await visit.axe();
  });

  it('one person: which condition fails', async () => {
    const id = await world.uid('segments', 'Swedes without an order');
    const visit = await world.open(`/segments/${id}?tab=test`);
    const { page } = visit;
    const swede = world.people.find((one) => one.country === 'Sweden' && one.orders.length > 0)!;
    await page.getByLabel('is', { exact: true }).fill(swede.email.toUpperCase());
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText(`${swede.id} is not in the segment`).waitFor();
    expect(await page.locator('[data-holds="true"]').innerText()).toContain('country is “Sweden” (theirs: Sweden)');
    expect(await page.locator('[data-holds="false"]').innerText()).toContain('has no orders');
    await visit.isWell();
    await visit.shot('segment-person', { full: true });
    await page.getByLabel('is', { exact: true }).fill('nobody@example.com');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('Nobody in customers has this email').waitFor();
  });

  it('a breakdown and an overlap as bars', async () => {
    const visit = await open('breakdown');
    const { page } = visit;
    const italians = world.people.filter((one) => one.orders.length >= 3 && one.country === 'Italy').length;
    const row = page.getByRole('row', { name: /^Italy/ });
    await row.waitFor();
    expect(await row.getByRole('cell').first().innerText()).toBe(String(italians));
    await visit.isWell();
    await visit.shot('segment-breakdown', { full: true });
    await page.getByRole('tab', { name: 'Overlap' }).click();
    await choose(page, page.getByRole('combobox', { name: 'Compare with the segment' }), 'Newsletter readers');
    const both = world.people.filter((one) => one.orders.length >= 3 && one.newsletter).length;
    await page.getByText(`${both} of the`).waitFor();
    await visit.isWell();
    await visit.shot('segment-overlap', { full: true });
  });

  it('the SQL', async () => {
    const visit = await open('sql');
    await visit.page.getByLabel('SQL', { exact: true }).getByText('SELECT').first().waitFor();
    await visit.isWell();
  });

  it('its size over time, with who entered and the edits of its rule', async () => {
    const before = await stored('Regulars');
    await world.api('GET', `/api/v1/segments/${uid}/count`);
    await world.api(
      'PUT',
      `/api/v1/segments/${uid}`,
      { ...before, where: { field: 'order_count', op: 'gte', value: 4 } },
      { 'If-Match': '*' },
    );
    await world.run(await world.uid('activations', 'Regulars'));
    const visit = await open('history');
    const { page } = visit;
    await page.getByRole('heading', { name: 'Changes of the rule' }).waitFor();
    await page.getByText('order_count ≥ 4').waitFor();
    await page.getByText(/^The numbers/).click();
    // Who was no contact was not on the list, and so does not leave it.
    const left = world.people.filter((one, i) => one.orders.length === 3 && isContact(one, i)).length;
    const row = page.getByRole('row', { name: /a run of Regulars/ }).first();
    expect((await row.getByRole('cell').allInnerTexts()).slice(1, 4)).toEqual([
      String(world.people.filter((one) => one.orders.length >= 4).length),
      '0',
      String(left),
    ]);
    await size(page);
    await visit.isWell();
    await visit.shot('segment-history', { full: true });
    await world.api('PUT', `/api/v1/segments/${uid}`, before, { 'If-Match': '*' });
  });

  it('what uses it, and what it is on the list', async () => {
    const visit = await open('used');
    const { page } = visit;
    await page.getByRole('tabpanel').getByRole('link', { name: 'Regulars' }).waitFor();
    await page.getByText(/are not contacts in Iterable yet/).waitFor();
    await visit.isWell();
  });
});

describe('keeping', () => {
  const anything = {
    any: [
      { field: 'number', op: 'in', value: [1, 2.5] },
      {
        related: 'purchases',
        avg: { field: 'total', op: 'between', value: [1, 200] },
        where: { none: [{ related: 'buyer', count: { op: 'not_in', value: [0, 3] }, where: { not_in_segment: 'Readers' } }] },
      },
      { none: [] },
      {
        all: [
          { field: 'seen_at', op: 'before', value: '2026-01-31T09:30:00+02:00' },
          { field: 'country', op: 'matches', value: '^S.*', ignore_case: true },
        ],
      },
      { field: 'interests', op: 'has_any', value: ['a,b', 'c"d', ' e '] },
    ],
  };

  it('changes nothing of a rule that is only looked at', async () => {
    // A number that no double holds, as a program writes it.
    const signed = await world.signIn();
    const body = JSON.stringify({ name: 'Anything', model: 'shoppers', where: anything }).replace('[1,2.5]', '[9223372036854775807,2.5]');
    const made = await fetch(`${world.service}/api/v1/segments`, {
      method: 'POST',
      headers: { Cookie: `${signed.cookie.name}=${signed.cookie.value}`, 'X-CSRF-Token': signed.csrf, 'Content-Type': 'application/json' },
      body,
    });
    expect(made.status).toBe(201);
    const { uid } = (await made.json()) as { uid: string };
    const where = async () => {
      const got = await fetch(`${world.service}/api/v1/segments/${uid}`, {
        headers: { Cookie: `${signed.cookie.name}=${signed.cookie.value}` },
      });
      return (await got.text()).replace(/^.*?"where":/, '');
    };
    const before = await where();
    expect(before).toContain('9223372036854775807');
    const visit = await world.open(`/segments/${uid}`);
    const { page } = visit;
    await size(page);
    await visit.isWell();
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await page.getByText('Description and tags').click();
    await page.getByLabel('Description').fill('Looked at');
    await save(page);
    expect(await where()).toBe(before);
  });

  it('shows both when two people change one segment, and loses neither', async () => {
    const made = await world.api('POST', '/api/v1/segments', {
      name: 'Shared',
      model: 'shoppers',
      where: { field: 'country', op: 'eq', value: 'Italy' },
    });
    const visit = await world.open(`/segments/${made.uid}`);
    const { page } = visit;
    const value = page.getByLabel('Value for country');
    await value.fill('Spain');
    await page.keyboard.press('Escape');
    await world.api(
      'PUT',
      `/api/v1/segments/${made.uid}`,
      { ...made, where: { field: 'country', op: 'eq', value: 'France' } },
      { 'If-Match': '*' },
    );
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('region', { name: 'Theirs, stored now' }).getByText('France').waitFor();
    await dialog.getByRole('region', { name: 'Yours, not stored' }).getByText('Spain').waitFor();
    await visit.settled();
    await visit.axe();
    await visit.shot('segment-conflict', { full: true });
    await dialog.getByRole('button', { name: 'Take theirs' }).click();
    await expect.poll(() => value.inputValue()).toBe('France');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => value.inputValue()).toBe('Spain');
    await world.api('PUT', `/api/v1/segments/${made.uid}`, { ...made, description: 'again' }, { 'If-Match': '*' });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByRole('button', { name: 'Save mine in its place' }).click();
    await page
      .getByText(/^Saved/)
      .first()
      .waitFor();
    expect((await stored('Shared')).where).toEqual({ field: 'country', op: 'eq', value: 'Spain' });
  });

  it('asks before a draft is left, duplicates, and removes with what goes with it', async () => {
    const visit = await world.open(`/segments/${await world.uid('segments', 'Readers')}`);
    const { page } = visit;
    await page.getByRole('button', { name: 'More…', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Duplicate' }).click();
    await page.getByRole('heading', { name: 'Copy of Readers' }).waitFor();
    await page.getByLabel('Name').fill('Readers too');
    await page.getByRole('navigation', { name: 'Subjects' }).getByRole('link', { name: 'Segments' }).click();
    await page.getByText('Leave without saving?').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Save segment' }).click();
    await page.getByText('Not activated yet').first().waitFor();
    expect((await stored('Readers too')).tags).toEqual(['letters']);
    expect(await page.getByRole('link', { name: 'Activate' }).getAttribute('href')).toBe(
      `/activations/new?segment=${(await stored('Readers too')).uid}`,
    );
    await page.getByRole('button', { name: 'More…', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByText('Nothing uses it').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('heading', { name: 'Segments', level: 1 }).waitFor();
    expect(await stored('Readers too')).toBeUndefined();
  });

  it('tells where the service refuses a rule', async () => {
    const visit = await newSegment();
    const { page } = visit;
    await page.getByLabel('Name').fill('Broken');
    const made = await addCondition(page, 'country', 0);
    await made.getByLabel('Comparison').selectOption({ label: 'matches the pattern' });
    await made.getByLabel('Value for country').fill('[');
    await page.getByText('It could not be counted').waitFor();
    await page.getByRole('region', { name: 'Size' }).getByText('missing ]').waitFor();
    await page.getByRole('button', { name: 'Save segment' }).click();
    await page.getByText('It was not saved').waitFor();

    // A segment that would be made of itself is told before it is asked.
    await world.api('POST', '/api/v1/segments', { name: 'Loop', model: 'shoppers', where: { in_segment: 'Readers' } });
    const other = await world.open(`/segments/${await world.uid('segments', 'Readers')}`);
    await rule(other.page).waitFor();
    await addMore(other.page, 'Is in a segment');
    await choose(other.page, card(other.page, 1).getByRole('combobox', { name: 'Segment', exact: true }), 'Loop');
    await card(other.page, 1).getByText('“Loop” is itself made of “Readers”').waitFor();
    expect(await other.page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
  });

  it('shows a viewer what there is, and why it cannot be changed', async () => {
    const uid = await world.uid('segments', 'Swedes without an order');
    const visit = await world.open(`/segments/${uid}`, { as: 'viewer' });
    const { page } = visit;
    await page.getByText('You may look, not save').waitFor();
    await page.getByText('Seeing people needs the role operator').waitFor();
    expect(await size(page)).toBe(world.people.filter((one) => one.country === 'Sweden' && one.orders.length === 0).length);
    expect(await page.getByRole('button', { name: 'Add condition' }).count()).toBe(0);
    await visit.isWell();
  });
});

describe('strange names', () => {
  it('are shown as they are', async () => {
    const strange = ['<script>alert("x")</script>', 'שלום <b>עולם</b>', 'x'.repeat(200)];
    for (const name of strange)
      await world.api('POST', '/api/v1/segments', {
        name,
        model: 'shoppers',
        description: name,
        tags: [name.slice(0, 60)],
        where: { all: [{ field: 'country', op: 'in', value: [name, 'Italy'] }, { none: [{ field: 'city', op: 'eq', value: name }] }] },
      });
    const visit = await world.open('/segments', { size: narrow });
    const { page } = visit;
    for (const name of strange) await page.getByRole('link', { name, exact: true }).waitFor();
    await visit.isWell();
    for (const name of strange) {
      const one = await world.open(`/segments/${await world.uid('segments', name)}`, { size: narrow });
      await one.page.getByRole('heading', { name, level: 1 }).waitFor();
      expect(await size(one.page)).toBe(48);
      await one.isWell();
      await one.close();
    }
  });
});
