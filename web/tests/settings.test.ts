import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld();

it('shows the version and that the service is ready, and keeps the colours that were chosen', async () => {
  const visit = await world.open('/settings');
  const { page } = visit;
  await page.getByText('Ready: schedules go on').waitFor();
  await page.getByText('Europe/Paris').waitFor();
  await visit.isWell();
  await page.getByText('Dark', { exact: true }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe('dark');
  await visit.shot('settings-dark', { full: true });
});

it('takes the catalog out as a file and brings it in, after showing what it changes', async () => {
  const visit = await world.open('/settings');
  const { page } = visit;
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the catalog' }).click()]);
  expect(file.suggestedFilename()).toBe('rollcall.yaml');
  const text = await readFile(await file.path(), 'utf8');
  expect(text).toContain('name: Regulars');
  expect(text, 'secrets are in no file').not.toContain('0123456789abcdef');

  await page.getByRole('textbox', { name: 'The file' }).fill(text);
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('The file says what is there already').waitFor();

  const other = text.replace('description: Three orders or more', 'description: Three or more').replace(/ {2}- name: Swedes without an order[\s\S]*?(?=\n\w)/, '  - name: Italians\n    model: customers\n    where: {field: country, op: eq, value: Italy}');
  await page.getByRole('textbox', { name: 'The file' }).fill(other);
  await page.getByLabel('Also remove what the file does not name').check();
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('1 object is made, 1 object is changed, 1 object is removed.').waitFor();
  const rows = await page.getByRole('table', { name: 'What the file changes' }).getByRole('row').allTextContents();
  expect(rows.slice(1)).toEqual(['Is removedsegmentSwedes without an order–', 'ChangessegmentRegularsdescription', 'Is madesegmentItalians–']);
  expect((await world.api('GET', '/api/v1/segments')).items, 'a dry run changes nothing').toHaveLength(3);
  await visit.isWell();
  await page.getByRole('button', { name: 'Show what would change' }).scrollIntoViewIfNeeded();
  await visit.shot('catalog-file');
  await page.getByRole('button', { name: 'Bring it in' }).click();
  await page.getByRole('dialog').getByText('Lost: segment Swedes without an order.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Bring it in' }).click();
  await page.getByText('Done: 1 object is made').waitFor();
  const names = (await world.api('GET', '/api/v1/segments')).items.map((one: { name: string }) => one.name).sort();
  expect(names).toEqual(['Italians', 'Newsletter readers', 'Regulars']);
});

it('says where a file is wrong, and changes nothing', async () => {
  const visit = await world.open('/settings', { size: narrow });
  const { page } = visit;
  await page.getByRole('textbox', { name: 'The file' }).fill('version: 1\nsegments:\n  - {name: X, model: custommers, where: {all: []}}\n');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByRole('alert').getByText('did you mean `customers`').first().waitFor();
  await visit.fits();
});

it('offers a viewer the file and no import', async () => {
  const visit = await world.open('/settings', { as: 'viewer' });
  await visit.page.getByText('you need the role editor').waitFor();
  await visit.isWell();
});

it('finds everything by Ctrl-K and the keyboard alone', async () => {
  const visit = await world.open('/');
  const { page } = visit;
  await page.keyboard.press('Control+k');
  const search = page.getByRole('combobox', { name: 'Search objects and pages' });
  await search.waitFor();
  await page.getByRole('option', { name: 'Newsletter readers' }).first().waitFor();
  await visit.axe();
  await page.keyboard.type('regu');
  await page.getByRole('option', { name: 'Regulars segment' }).waitFor();
  await visit.shot('search');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/activations\//);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('someone@example.com');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/people\?key=someone/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('log');
  await page.keyboard.press('Escape');
  await search.waitFor({ state: 'detached' });
});
