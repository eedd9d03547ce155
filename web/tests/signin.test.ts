import { expect, it } from 'vitest';

import { narrow, password, until, useWorld } from './harness';
import type { Visit } from './harness';

const world = useWorld({ extent: 'empty', setUp: false });

async function signIn({ page }: Visit, email = 'admin@example.com', word = password) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(word);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

it('makes the first admin by the set-up link, signs out, and in again by keyboard alone', async () => {
  const link = world.said.join('\n').match(/\/setup\?word=\S+/)![0];
  const visit = await world.open(link, { as: 'nobody' });
  const { page } = visit;
  await visit.isWell();
  await page.getByLabel('E-mail').fill('admin@example.com');
  await page.getByRole('textbox', { name: 'Password' }).fill('short');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('At least 12 characters', { exact: true }).waitFor();
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
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
  await signIn(visit, 'admin@example.com', 'this is another one');
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('textbox', { name: 'Password' }).inputValue(), 'a wrong password is typed anew').toBe('');
  await signIn(visit);
  await page.getByRole('heading', { name: 'Segments' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/segments');
});

it('says that a link is spent, and what to do', async () => {
  const visit = await world.open('/setup?word=wrong&for=ben@example.com', { as: 'nobody' });
  const { page } = visit;
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('This link works no more').waitFor();
  await page.getByText('Ask whoever sent it for another.').waitFor();
  await visit.isWell();
});

it('asks to sign in again in place when the session has ended, and goes on with what was asked', async () => {
  const visit = await world.open('/settings', { as: 'nobody' });
  const { page } = visit;
  await signIn(visit);
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.getByRole('textbox', { name: 'The file' }).fill('version: 1\n# a draft that nobody may lose\n');
  await visit.context.clearCookies();
  await page.getByRole('button', { name: 'Show what would change' }).click();
  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await again.waitFor();
  await visit.axe();
  await visit.shot('session-ended');
  await again.getByRole('textbox', { name: 'Password' }).fill('this is another one');
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.getByRole('alert').waitFor();
  await again.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.keyboard.press('Enter');
  await again.waitFor({ state: 'detached' });
  await page.getByText('nothing changes').waitFor(); // it was asked without another click
  expect(await page.getByRole('textbox', { name: 'The file' }).inputValue()).toContain('a draft that nobody may lose');
});

it('says that the service is gone, goes on when it is back, and loses no draft', async () => {
  const visit = await world.open('/settings');
  const { page } = visit;
  const { troubles } = visit;
  await page.getByRole('textbox', { name: 'The file' }).fill('version: 1\n# a draft\n');
  await world.endService();
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('Rollcall does not answer').waitFor();
  await page.getByText('nothing was changed').waitFor();
  await visit.shot('service-away');
  await world.serve();
  await page.getByText('Rollcall answers again').waitFor();
  await page.getByText('Rollcall does not answer').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('nothing changes').waitFor();
  expect(await page.getByRole('textbox', { name: 'The file' }).inputValue()).toContain('# a draft');
  expect(troubles).toEqual([]);
});

it('changes the own password, and ends the sessions elsewhere', async () => {
  world.rollcall(['user', 'add', 'cleo@example.com', '--role', 'editor', '--password-stdin'], `${password}\n`);
  const elsewhere = await world.open('/people', { as: 'nobody' });
  await signIn(elsewhere, 'cleo@example.com');
  const visit = await world.open('/settings', { as: 'nobody', size: narrow });
  await signIn(visit, 'cleo@example.com');
  const { page } = visit;
  await page.getByRole('button', { name: 'Change your password' }).click();
  await page.getByRole('textbox', { name: 'Your password now' }).fill('not what it is');
  await page.getByRole('textbox', { name: 'New password', exact: true }).fill(`${password} too`);
  await page.getByRole('textbox', { name: 'New password, once more' }).fill(`${password} to`);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('This is not the same').waitFor();
  await page.getByRole('textbox', { name: 'New password, once more' }).fill(`${password} too`);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('this is not your password').waitFor();
  await visit.isWell();
  await page.getByRole('textbox', { name: 'Your password now' }).fill(password);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await elsewhere.page.getByLabel('E-mail address, user ID or primary key').fill('x@example.com');
  await elsewhere.page.getByRole('button', { name: 'Find' }).click();
  await elsewhere.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  await until(async () => (await elsewhere.page.getByRole('dialog').getByLabel('E-mail').inputValue()) === 'cleo@example.com');
});

it('offers the company\'s identity provider where there is one', async () => {
  const visit = await world.open('/sign-in', { as: 'nobody' });
  const { page } = visit;
  expect(await page.getByRole('link').count()).toBe(0);
  await page.route('**/api/v1/sign-in', (route) => route.fulfill({ json: { single_sign_on: { name: 'Company', path: '/api/v1/sign-in/provider' } } }));
  await page.reload();
  const link = page.getByRole('link', { name: 'Sign in with Company' });
  await link.waitFor();
  expect(await link.getAttribute('href')).toBe('/api/v1/sign-in/provider');
  await visit.isWell();
});
