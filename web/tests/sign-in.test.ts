import { expect, it } from 'vitest';

import { narrow, password, useWorld } from './harness';

const world = useWorld({ extent: 'empty', setUp: false });

it('makes the first admin by the set-up link, signs out, and in again by keyboard alone', async () => {
  const link = world.said.join('\n').match(/\/setup\?word=\S+/)![0];
  const visit = await world.open(link, { as: 'nobody' });
  const { page } = visit;
  await visit.isWell();
  await page.getByLabel('E-mail').fill('admin@example.com');
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('At least 12 characters').nth(1).waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('navigation').getByText('Segments').waitFor();
  await page.getByRole('button', { name: 'admin@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await visit.isWell();
  await visit.tabTo(/^E-mail/);
  await page.keyboard.type('admin@example.com');
  await visit.tabTo(/^Password/);
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').getByText('Segments').waitFor();
});

it('goes where one wanted to, once signed in, and tells why it does not', async () => {
  const visit = await world.open('/segments?x=1', { as: 'nobody', size: narrow });
  const { page } = visit;
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('E-mail').fill('admin@example.com');
  await page.getByLabel('Password').fill('this is another one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Segments' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/segments');
});

it('tells a stranger that nothing is there', async () => {
  const visit = await world.open('/sign-in', { as: 'nobody' });
  await visit.page.goto(`${world.url}/setup?word=wrong`);
  await visit.page.getByLabel('Password').fill(password);
  await visit.page.getByRole('button', { name: 'Go on' }).click();
  await visit.page.getByRole('alert').waitFor();
});
