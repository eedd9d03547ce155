import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld({ extent: 'empty' });

it('leads from step to step, and knows where one stands when one comes back', async () => {
  const visit = await world.open('/start');
  const { page } = visit;
  await page.getByText('0 of 5 steps are done.').waitFor();
  await visit.isWell();
  await visit.shot('first-steps', { dark: true });
  // By the keyboard alone to the first step.
  await visit.tabTo('Connect a source');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Connect a source' }).waitFor();

  await world.api('POST', '/api/v1/sources', { name: 'shop', kind: 'csv', path: world.shop });
  await world.api('POST', '/api/v1/models', { name: 'customers', type: 'users', source: 'shop', table: 'customers', primary_key: 'customer_id' });
  await visit.go('/start');
  await page.getByText('2 of 5 steps are done.').waitFor();
  await page.getByRole('link', { name: 'Build a segment' }).waitFor();
  // Iterable needs no segment, the activation does.
  await page.getByRole('link', { name: 'Connect Iterable' }).waitFor();
  await page.getByText('First a segment is needed.').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Connect your data' }).getByRole('link', { name: 'Look at it' }).click();
  await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();
  await page.getByText('Next on the way to your first list').waitFor();
});

it('tells whoever may only look why there is no button', async () => {
  const visit = await world.open('/start', { as: 'viewer', size: narrow });
  await visit.page.getByText('To go on, the role editor is needed').waitFor();
  expect(await visit.page.getByRole('link', { name: 'Build a segment' }).count()).toBe(0);
  await visit.isWell();
});
