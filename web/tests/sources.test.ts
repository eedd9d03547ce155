import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { inputsOf, kindText, type SourceKind } from '../src/lib/source-forms';
import { useWorld } from './harness';

const world = useWorld({ extent: 'empty' });

it('asks for every key of every kind', async () => {
  const { source_kinds } = (await world.api('GET', '/api/v1/meta')) as { source_kinds: SourceKind[] };
  const visit = await world.open('/sources/new');
  const { page } = visit;
  await page.getByRole('heading', { name: 'Databases' }).waitFor();
  await visit.isWell();
  await visit.shot('kinds-of-source');
  for (const kind of source_kinds) {
    await visit.go('/sources/new');
    await page.getByRole('button', { name: new RegExp(`^${kindText(kind.kind).title}`) }).click();
    const more = page.getByRole('button', { name: /^More settings/ });
    if (await more.count()) await more.click();
    const path = page.getByLabel('Folder or file');
    if (await path.count()) await path.fill('s3://company/shop');
    for (const input of inputsOf(kind)) await page.getByLabel(input.label).first().waitFor();
  }
  await visit.isWell();
});

it('connects by the keyboard, tells what is wrong and what to do, and shows tables with their columns', async () => {
  const visit = await world.open('/sources/new');
  const { page } = visit;
  await visit.tabTo(/^CSV files/);
  await page.keyboard.press('Enter');
  await visit.tabTo(/^Name/);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('shop');
  await page.getByRole('button', { name: 'Connect and test' }).click();
  await page.getByText('Still missing: Folder or file.').waitFor();
  await visit.tabTo(/^Folder or file/);
  await page.keyboard.type('/nowhere/at/all');
  await page.keyboard.press('Enter');
  await page.getByText('Problem', { exact: true }).waitFor();
  await visit.isWell();
  await page.getByLabel('Folder or file').fill(world.shop);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();
  await page.getByRole('button', { name: /^customers/ }).click();
  const columns = page.getByRole('table', { name: /^Columns of customers/ });
  await columns.getByText('signed_up_on').waitFor();
  expect(await columns.getByRole('row').filter({ hasText: 'signed_up_on' }).textContent()).toContain('Date');
  expect(await columns.getByRole('row').filter({ hasText: 'first_name' }).textContent()).toMatch(/[A-Z][a-z]+ · [A-Z][a-z]+ · [A-Z][a-z]+/);
  await visit.isWell();
  await visit.shot('source');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('shop works').waitFor();
});

it('never shows a secret again, keeps it, and says that a reference is taken letter by letter', async () => {
  const secret = 'a-secret-of-three-words';
  const made = await world.api('POST', '/api/v1/sources', { name: 'warehouse', kind: 'postgres', host: '127.0.0.1', port: 1, database: 'x', user: 'me', password: secret });
  const visit = await world.open(`/sources/${made.uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Password').waitFor();
  expect(await page.content()).not.toContain(secret);
  await page.getByLabel('Host').fill('localhost');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await page.getByText('Problem', { exact: true }).waitFor();
  const stored = await world.api('GET', `/api/v1/sources/${made.uid}`);
  expect([stored.host, stored.password]).toEqual(['localhost', 'stored']);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('button', { name: 'Replace the password' }).click();
  await page.getByLabel('Password', { exact: true }).fill('${HOME}');
  await page.getByText('This is kept letter by letter').waitFor();
  await visit.isWell();
});

it('lets one choose where two people changed a source', async () => {
  const made = await world.api('POST', '/api/v1/sources', { name: 'two people', kind: 'csv', path: world.shop });
  const visit = await world.open(`/sources/${made.uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('button', { name: /^More settings/ }).click();
  await page.getByLabel('Longest time of a query').fill('5m');
  await world.api('PUT', `/api/v1/sources/${made.uid}`, { name: 'two people', kind: 'csv', path: world.shop, skip: 0, delimiter: ',' }, { 'If-Match': '*' });
  await page.getByRole('button', { name: 'Save and test' }).click();
  await page.getByRole('dialog', { name: /Somebody else changed this source/ }).waitFor();
  await page.getByText('You changed statement timeout.').waitFor();
  await visit.isWell();
  await page.getByRole('button', { name: 'Keep both' }).click();
  await page.getByText('two people works').waitFor();
  const stored = await world.api('GET', `/api/v1/sources/${made.uid}`);
  expect([stored.statement_timeout, stored.delimiter]).toEqual(['5m', ',']);
});

it('says what a source is needed by before it is removed', async () => {
  const uid = await world.uid('sources', 'shop');
  await world.api('POST', '/api/v1/models', { name: 'customers', type: 'users', source: 'shop', table: 'customers', primary_key: 'customer_id' });
  const visit = await world.open(`/sources/${uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('is made of its data').waitFor();
  await visit.isWell();
  expect(await dialog.getByRole('button', { name: 'Remove' }).count()).toBe(0);
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await visit.go(`/sources/${await world.uid('sources', 'two people')}`);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await dialog.getByText('Your data stay as they are.').waitFor();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('heading', { name: 'Sources', exact: true }).waitFor();
  expect((await world.api('GET', '/api/v1/sources?name=two%20people')).items).toEqual([]);
});

it('takes files by upload, and a file of a name brings a table', async () => {
  const answer = await fetch(`${world.service}/api/v1/files`, { headers: { Cookie: await cookie() } });
  if (answer.status === 404) return; // this service owns no folder
  const visit = await world.open('/sources/new');
  const { page } = visit;
  await page.getByRole('button', { name: /^CSV files/ }).click();
  const file = join(world.folder, 'visits.csv');
  writeFileSync(file, 'visit_id,customer_id,at\nv1,c1,2026-01-01\nv2,c2,2026-01-02\n');
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByText('is uploaded').waitFor();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('uploads');
  await page.getByRole('button', { name: 'Connect and test' }).click();
  await page.getByRole('button', { name: /^visits/ }).click();
  await page.getByRole('table', { name: /^Columns of visits/ }).getByText('visit_id').waitFor();
  await visit.isWell();
});

async function cookie() {
  const signed = await world.signIn();
  return `${signed.cookie.name}=${signed.cookie.value}`;
}
