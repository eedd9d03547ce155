import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, it } from 'vitest';

import { narrow, useWorld } from './harness';
import { isContact, writePeople } from './shop';

const world = useWorld({
  catalog: `version: 1
segments:
  - name: By number
    model: customers
    where: {any: [{field: country, op: eq, value: Spain}, {field: newsletter, op: is_true}]}
activations:
  - {segment: By number, destination: Iterable, match_key: {type: user_id, field: customer_id}, schedule: manual}
`,
});

beforeAll(async () => {
  for (const { uid } of (await world.api('GET', '/api/v1/activations')).items) await world.run(uid);
});

// A regular who is a contact, reads the newsletter, and so is on all lists.
const onAll = () => world.people.find((one, i) => isContact(one, i) && one.orders.length >= 3 && one.newsletter)!;
const noContact = () => world.people.find((one, i) => !isContact(one, i) && one.orders.length >= 3)!;

it('tells a person on every list by their e-mail address, with the reasons', async () => {
  const person = onAll();
  const visit = await world.open('/people');
  const { page } = visit;
  await page.getByText('Whose story?').waitFor();
  await visit.isWell();
  await page.getByLabel('E-mail address, user ID or primary key').fill(person.email.toUpperCase());
  await page.keyboard.press('Enter');
  await page.getByText('On 3 lists.').waitFor();
  const story = page.getByRole('region', { name: 'Regulars' });
  await story.getByText('On the list', { exact: true }).waitFor();
  await story.getByText('In the segment, because its condition holds.').waitFor();
  await story.getByText('Holds: ').waitFor();
  await story.getByText('Written to the list, and Iterable confirmed it').waitFor();
  await story.getByText('Next run: nothing to do: everything is as it should be').waitFor();
  const other = page.getByRole('region', { name: 'By number' });
  await other.getByText(`customer_id = ${person.id}`).waitFor();
  await other.getByText('one is enough').waitFor();
  await visit.isWell();
  await visit.shot('person', { full: true, dark: true });
});

it('finds them by primary key, and says that somebody is no contact yet', async () => {
  const person = noContact();
  const visit = await world.open(`/people?key=${person.id}`, { size: narrow });
  const { page } = visit;
  const story = page.getByRole('region', { name: 'Regulars' });
  await story.getByText('not a contact in Iterable yet').waitFor();
  await story.getByText('Looked up: Iterable does not know this person').waitFor();
  await page.getByText(person.email).first().waitFor();
  await visit.isWell();
});

it('tells who left the segment what the next run does, and by which condition', async () => {
  const person = onAll();
  const old = person.newsletter;
  person.newsletter = false;
  writePeople(world.shop, world.people);
  try {
    const visit = await world.open(`/people?key=${encodeURIComponent(person.email)}`);
    const { page } = visit;
    const story = page.getByRole('region', { name: 'Newsletter readers' });
    await story.getByText('On the list; leaves it at the next run').waitFor();
    await story.getByText('Does not hold: ').waitFor();
    await story.getByText('Next run: removed from the list').waitFor();
    await story.getByText('The activation is paused').waitFor();
  } finally {
    person.newsletter = old;
    writePeople(world.shop, world.people);
  }
});

it('says that nobody is known by a key, and names a source that is broken', async () => {
  const visit = await world.open('/people?key=nobody@example.com');
  const { page } = visit;
  await page.getByText('is in no model and on no list').waitFor();
  await visit.isWell();
  rmSync(join(world.shop, 'customers.csv'));
  try {
    await page.getByLabel('E-mail address, user ID or primary key').fill('ann@example.com');
    await page.keyboard.press('Enter');
    await page.getByText('It could not be asked').nth(2).waitFor();
    await page.getByText('3 activations could not be asked').waitFor();
    await page.getByText('is in no model and on no list').waitFor({ state: 'detached' });
    await visit.isWell();
  } finally {
    writePeople(world.shop, world.people);
  }
});

it('shows no person to a viewer, and says why', async () => {
  const visit = await world.open('/people', { as: 'viewer' });
  await visit.page.getByText('This needs the role operator').waitFor();
  await visit.isWell();
});
