import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld({ size: 1200 });

it('teaches while nothing has run', async () => {
  const visit = await world.open('/runs');
  await visit.page.getByRole('heading', { name: 'Nothing has run yet' }).waitFor();
  await visit.isWell();
});

it('shows a run live, and once it has ended what was done and who was left out', async () => {
  const uid = await world.uid('activations', 'Regulars');
  await world.sim('/_sim/faults', 'PUT', { rules: [{ kind: 'slow', endpoint: 'POST /api/lists/subscribe', rate: 1, ms: 4000 }] });
  const visit = await world.open(`/activations/${uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('heading', { name: 'A run is under way' }).waitFor();
  await page.getByRole('status').getByText('Adding and updating').waitFor({ timeout: 60_000 });
  await visit.shot('run-live');
  await visit.axe();
  await page.getByRole('heading', { name: 'A run is under way' }).waitFor({ state: 'detached', timeout: 60_000 });
  await world.sim('/_sim/faults', 'PUT', { rules: [] });
  await page.getByRole('table', { name: 'Runs, the newest first' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Who is left out, and why' }).waitFor();
  await page.getByRole('tab', { name: /Not contacts yet/ }).waitFor();
  const people = page.getByRole('region', { name: 'Not contacts yet: people' });
  await people.getByRole('link').first().waitFor();
  await visit.isWell();
  await visit.shot('run');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download all as CSV' }).click()]);
  const text = await (await download.createReadStream()).toArray().then((all) => Buffer.concat(all).toString());
  const { items } = await world.api('GET', `/api/v1/runs?activation=${uid}`);
  expect(text.trim().split('\n').length - 1).toBe(items[0].standing.not_a_contact);
});

it('filters the history, and goes through it at 390 px', async () => {
  const visit = await world.open('/runs', { size: narrow });
  const { page } = visit;
  await page.getByRole('table', { name: 'Runs, the newest first' }).waitFor();
  await visit.fits();
  await visit.axe();
  await page.getByRole('combobox', { name: 'How it ended' }).click();
  await page.getByRole('option', { name: 'Failed' }).click();
  await page.getByRole('heading', { name: 'No run is like that' }).waitFor();
  await page.getByRole('button', { name: 'Show all runs' }).click();
  await page.getByRole('table', { name: 'Runs, the newest first' }).waitFor();
});
