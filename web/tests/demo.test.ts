import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { narrow, until, useWorld } from './harness';

const world = useWorld({ extent: 'empty' });

const demo = () => world.api('GET', '/api/v1/demo');
const statuses = async () => (await world.api('GET', '/api/v1/status')).items as { name: string; last_run: { run_id: string; status: string } | null; on_list: number }[];

it('tells who may not make the demo shop why', async () => {
  const visit = await world.open('/', { as: 'editor', size: narrow });
  const offer = visit.page.getByRole('region', { name: 'The demo shop' });
  await offer.getByText('the role admin is needed', { exact: false }).waitFor();
  expect(await offer.getByRole('button').count()).toBe(0);
  await visit.isWell();
});

it('makes the demo shop from the first page, lets a day pass in it, and removes it', async () => {
  const visit = await world.open('/start');
  const { page } = visit;
  await page.getByRole('button', { name: 'Explore the demo shop' }).waitFor();
  await visit.isWell();
  await visit.go('/');
  await page.getByText('Welcome to Rollcall').waitFor();
  await page.getByRole('button', { name: 'Explore the demo shop' }).waitFor();
  await visit.isWell();
  // By the keyboard alone.
  await visit.tabTo('Explore the demo shop');
  await page.keyboard.press('Enter');
  await page.getByText('It takes a few seconds.', { exact: false }).waitFor();

  const table = page.getByRole('table', { name: 'Activations' });
  for (const name of ['Lapsed VIPs', 'Coffee lovers', 'Newcomers without an order']) await table.getByText(name, { exact: true }).first().waitFor();
  const panel = page.getByRole('region', { name: 'The demo shop' });
  await panel.getByText('its Iterable is simulated', { exact: false }).waitFor();
  await until(async () => (await statuses()).every((one) => one.last_run?.status === 'completed' && one.on_list > 20), 'the first runs did not end well');
  await visit.go('/');
  await table.getByText('Healthy').nth(2).waitFor();
  await visit.isWell();
  await visit.shot('demo-shop', { dark: true });

  const before = new Map((await statuses()).map((one) => [one.name, one.last_run!.run_id]));
  await panel.getByRole('button', { name: 'Let a day pass' }).click();
  await panel.getByText('1 day has passed', { exact: false }).waitFor();
  await until(
    async () => (await statuses()).every((one) => one.last_run?.status === 'completed' && one.last_run.run_id !== before.get(one.name)),
    'no run followed the day',
  );
  await visit.axe();

  await panel.getByRole('button', { name: 'Remove the demo shop' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Whatever else there is stays', { exact: false }).waitFor();
  await visit.axe();
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('Welcome to Rollcall').waitFor();
  // What was stays readable.
  await visit.go('/runs');
  await page.getByRole('table').getByRole('link').first().waitFor();
  await page.locator('a[href^="/runs/"]').first().click();
  await page.getByRole('heading', { level: 1, name: /^(Lapsed VIPs|Coffee lovers|Newcomers)/ }).waitFor();
  await visit.isWell();
  expect(await demo()).toEqual({ exists: false, obstacle: null });
  expect((await world.api('GET', '/api/v1/segments')).items).toEqual([]);
  expect(existsSync(join(world.home, 'demo'))).toBe(false);
});

it('says what is in the way', async () => {
  await world.api('POST', '/api/v1/sources', { name: 'Demo shop', kind: 'csv', path: world.shop });
  const visit = await world.open('/');
  await visit.page.getByRole('button', { name: 'Explore the demo shop' }).click();
  await visit.page.getByRole('alert').getByText('there is a source of that name already', { exact: false }).waitFor();
  await visit.isWell();
  expect((await demo()).exists).toBe(false);
});
