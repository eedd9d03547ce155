import { expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld({ extent: 'empty' });

it('shows a token once, by which a program may do what its role says, until it is removed', async () => {
  const visit = await world.open('/tokens');
  const { page } = visit;
  await page.getByText('No token yet').waitFor();
  await visit.isWell();
  await page.getByRole('button', { name: 'Make a token' }).first().click();
  await page.getByLabel('Name').fill('nightly runs');
  await page.getByLabel('Operator').check();
  await page.getByRole('combobox', { name: 'Works for' }).click();
  await page.getByRole('option', { name: 'Until it is removed' }).click();
  await page.getByText('until somebody removes it').waitFor();
  await visit.axe();
  await page.getByRole('dialog').getByRole('button', { name: 'Make the token' }).click();
  const dialog = page.getByRole('dialog', { name: 'The token “nightly runs”' });
  const token = await dialog.getByLabel('Token').inputValue();
  expect(token).toMatch(/^rc_[\w-]{43}$/);
  await visit.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await dialog.getByRole('button', { name: 'Copied', exact: true }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  await visit.axe();
  await visit.shot('token');
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByRole('cell', { name: 'nightly runs', exact: true }).waitFor();
  expect(await page.content()).not.toContain(token);

  const ask = () => fetch(`${world.service}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
  expect((await (await ask()).json()).role).toBe('operator');
  await page.reload();
  await page.getByText('just now').waitFor();
  await page.setViewportSize(narrow);
  await visit.fits();
  await page.getByRole('button', { name: 'Remove nightly runs' }).click();
  await page.getByRole('dialog').getByText('refused at once').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No token yet').waitFor();
  expect((await ask()).status).toBe(401);
});

it('says that a name is taken', async () => {
  await world.api('POST', '/api/v1/tokens', { name: 'twice', role: 'viewer', expires_in_days: 30 });
  const visit = await world.open('/tokens');
  const { page } = visit;
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByLabel('Name').fill('twice');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('No token was made').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('viewer', { exact: false }).first().waitFor();
  await visit.isWell();
});
