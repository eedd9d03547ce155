import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld({ extent: 'segments' });

it('tells who did what, opens to what changed, filters, and is downloaded', async () => {
  const uid = await world.uid('segments', 'Regulars');
  const segment = await world.api('GET', `/api/v1/segments/${uid}`);
  await world.api('PUT', `/api/v1/segments/${uid}`, { ...segment, where: { field: 'order_count', op: 'gte', value: 4 }, tags: ['loyal', 'big'] }, { 'If-Match': '*' });
  await world.api('POST', '/api/v1/tokens', { name: '=cmd|calc', role: 'viewer' });

  const visit = await world.open('/log');
  const { page } = visit;
  const changed = page.getByRole('button', { name: 'changed segment “Regulars”' });
  await changed.waitFor();
  expect(await visit.layoutShift()).toBeLessThan(0.02);
  await visit.isWell();
  expect(await changed.textContent()).toContain('admin@example.com');
  await changed.focus();
  await page.keyboard.press('Enter');
  const row = page.getByRole('row').filter({ hasText: 'where' });
  expect(await row.getByRole('cell').allTextContents()).toEqual(['3', '4']);
  await page.getByRole('row').filter({ hasText: 'tags' }).getByText('big').waitFor();
  await visit.shot('log', { dark: true });
  await visit.isWell();

  await page.getByRole('combobox', { name: 'With what' }).click();
  await page.getByRole('option', { name: 'token' }).click();
  await changed.waitFor({ state: 'detached' });
  await page.getByText('made token “=cmd|calc”').waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download these as CSV' }).click()]);
  const lines = (await readFile(await file.path(), 'utf8')).split('\r\n');
  expect(lines[0]).toBe('at,who,action,kind,name,uid,address,before,after');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain(",created,token,'=cmd|calc,");

  await page.getByLabel('Who').fill('nobody@example.com');
  await page.getByText('No line is like that').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await changed.waitFor();
  await page.getByLabel('To').fill('2020-01-01');
  await page.getByText('No line is like that').waitFor();
});

it('shows a hundred lines, and older ones when asked', async () => {
  for (let i = 0; i < 105; i++) await world.api('POST', '/api/v1/tokens', { name: `t${i}`, role: 'viewer' });
  const visit = await world.open('/log', { size: narrow });
  const { page } = visit;
  const lines = page.getByRole('list', { name: 'Log' }).getByRole('listitem');
  await lines.first().waitFor();
  expect(await lines.count()).toBe(100);
  await page.getByRole('button', { name: 'Show older lines' }).click();
  await page.getByText('“t0”').waitFor();
  await visit.fits();
});
