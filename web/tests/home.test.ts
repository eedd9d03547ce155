import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld();

it('shows how every list goes, what needs a person first', async () => {
  const regulars = await world.uid('activations', 'Regulars');
  await world.run(regulars);
  // Half of the people leave: more than the guard lets pass.
  const body = await world.api('GET', `/api/v1/segments/${await world.uid('segments', 'Regulars')}`);
  const { uid, ...segment } = body;
  await world.api('PUT', `/api/v1/segments/${uid}`, { ...segment, where: { field: 'order_count', op: 'gte', value: 6 } }, { 'If-Match': '*' });
  const stopped = await world.run(regulars).catch((error) => error);
  expect(JSON.stringify(stopped)).toContain('stopped');
  const visit = await world.open('/');
  const { page } = visit;
  await page.getByRole('heading', { name: 'Needs a person' }).waitFor();
  const needs = page.getByRole('region', { name: 'Needs a person' });
  await needs.getByText('Stopped', { exact: true }).waitFor();
  await page.getByRole('table', { name: 'Activations' }).getByText('Newsletter readers').waitFor();
  await visit.isWell();
  expect(await visit.layoutShift()).toBeLessThanOrEqual(0.02);
  await visit.shot('home', { dark: true });
  await needs.getByRole('link', { name: /Decide on/ }).click();
  await page.getByRole('alert').getByText('Nothing was sent.', { exact: false }).waitFor();
  await visit.isWell();
  await visit.shot('guard-stop');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByText('leave the list', { exact: false }).waitFor();
  await visit.axe();
  await page.getByRole('button', { name: 'Approve and run' }).click();
  await page.getByText('Healthy').first().waitFor({ timeout: 60_000 });
  expect((await world.members('Regulars')).length).toBeLessThan(40);
});

it('leads by keyboard alone to an activation, at 390 px', async () => {
  const visit = await world.open('/', { size: narrow });
  const { page } = visit;
  await page.getByRole('link', { name: 'Regulars' }).first().waitFor();
  await visit.tabTo('Regulars');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Regulars' }).waitFor();
  await page.getByText('From the segment to the list').waitFor();
  await visit.fits();
});

it('shows a viewer no button for what they may not do', async () => {
  const visit = await world.open('/', { as: 'viewer' });
  await visit.page.getByRole('link', { name: 'Regulars' }).first().click();
  await visit.page.getByRole('heading', { level: 1, name: 'Regulars' }).waitFor();
  await visit.page.getByText('From the segment to the list').waitFor();
  expect(await visit.page.getByRole('button', { name: 'Run now' }).count()).toBe(0);
  expect(await visit.page.getByRole('tab', { name: 'Preview' }).count()).toBe(0);
});
