import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const key = 'fedcba9876543210fedcba9876543210';
const world = useWorld({
  extent: 'segments',
});

it('connects Iterable, tells cause and remedy, then asks for the settings of one click', async () => {
  const visit = await world.open('/destinations/new');
  const { page } = visit;
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Second project');
  await visit.isWell();
  await page.getByRole('button', { name: 'Connect and test' }).click();
  await page.getByText('Paste the API key.').waitFor();
  await page.getByRole('radio', { name: 'Hybrid' }).check();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'More settings' }).click();
  await page.getByLabel('Another address').fill(world.service); // no Iterable: it refuses the key
  await page.getByRole('button', { name: 'Connect and test' }).click();
  await page.getByText('Problem', { exact: true }).waitFor();
  await visit.isWell();
  await page.getByLabel('Another address').fill(world.simulator);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Connected: the key works').waitFor();
  expect(await page.content()).not.toContain(key);

  // The proposal needs no more than the match key, which is guessed.
  await page.getByRole('combobox', { name: 'Which field is the e-mail?' }).waitFor();
  await page.getByText('What one click will do').waitFor();
  await page.getByRole('button', { name: 'Add an attribute' }).click();
  const line = page.getByRole('group', { name: /^Attribute/ });
  await line.getByRole('combobox', { name: 'Field of the model' }).click();
  await page.getByRole('option', { name: /first_name/ }).click();
  await page.getByText('Fits: firstName').waitFor();
  await visit.isWell();
  await visit.shot('default-settings');
  await page.getByRole('button', { name: 'Save the defaults' }).click();
  await page.getByText('Saved.').waitFor();
  const stored = await world.api('GET', `/api/v1/destinations/${await world.uid('destinations', 'Second project')}`);
  expect(stored.defaults).toMatchObject({ model: 'customers', match_key: { type: 'email', field: 'email' }, attributes: [{ field: 'first_name', to: 'firstName' }], schedule: { every: '1h' } });
  expect(stored.api_key).toBe('stored');
});

it('shows the fields of the project with their types', async () => {
  const visit = await world.open(`/destinations/${await world.uid('destinations', 'Iterable')}`);
  const { page } = visit;
  await visit.isWell();
  await visit.shot('destination');
  await page.getByRole('tab', { name: 'Fields in Iterable' }).click();
  const table = page.getByRole('table', { name: 'Fields in Iterable' });
  await table.getByText('firstName').waitFor();
  await page.getByText(/^\d+ of the 1,000 fields that a project may have/).waitFor();
  await page.getByRole('progressbar', { name: 'Fields in use' }).waitFor();
  await page.getByLabel('Search fields').fill('firstN');
  expect(await table.getByRole('row').filter({ hasText: 'firstName' }).textContent()).toContain('string');
  await visit.isWell();
});

it('excludes the people of a segment everywhere, and says what that does', async () => {
  const uid = await world.uid('destinations', 'Iterable');
  const visit = await world.open(`/destinations/${uid}`, { size: narrow });
  const { page } = visit;
  await page.getByRole('tab', { name: 'Exclusions' }).click();
  await page.getByRole('combobox', { name: 'Excluded segments' }).click();
  await page.getByRole('option', { name: 'Newsletter readers' }).click();
  await page.keyboard.press('Escape');
  await page.getByText('all lists here lose the people of Newsletter readers').waitFor();
  await visit.isWell();
  await page.getByRole('button', { name: 'Save the exclusions' }).click();
  await page.getByText('all lists here lose').waitFor({ state: 'detached' });
  expect((await world.api('GET', `/api/v1/destinations/${uid}`)).exclusions).toEqual(['Newsletter readers']);
});

it('replaces the key without losing what hangs on it, and keeps it when only the name changes', async () => {
  const uid = await world.uid('destinations', 'Iterable');
  const before = await world.api('GET', `/api/v1/destinations/${uid}`);
  const visit = await world.open(`/destinations/${uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'Edit the connection' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Our Iterable');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await page.getByText('Our Iterable works').waitFor();
  await page.getByRole('button', { name: 'Edit the connection' }).click();
  await page.getByRole('button', { name: 'Replace the key' }).click();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Save and test' }).click();
  await page.getByText('Our Iterable works').waitFor();
  expect(await world.api('GET', `/api/v1/destinations/${uid}`)).toEqual({ ...before, name: 'Our Iterable' });
});

it('says what keeps a list there before it is removed', async () => {
  const uid = await world.uid('destinations', 'Our Iterable');
  await world.api('POST', '/api/v1/activations', { segment: 'Regulars', destination: 'Our Iterable', schedule: 'manual' });
  const visit = await world.open(`/destinations/${uid}`);
  const { page } = visit;
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByText('keeps a list there').waitFor();
  await visit.isWell();
});

it('shows a viewer what there is, and no way to change it', async () => {
  const visit = await world.open('/destinations', { as: 'viewer' });
  const { page } = visit;
  await page.getByRole('link', { name: 'Our Iterable' }).click();
  await page.getByText('Stored, never shown again').waitFor();
  expect(await page.getByRole('button', { name: /Edit|Test|More/ }).count()).toBe(0);
  await visit.isWell();
});
