import { expect, it } from 'vitest';

import { narrow, password, useWorld, wide } from './harness';

const world = useWorld({ extent: 'empty' });

it('invites somebody, who chooses a password and may do what their role says', async () => {
  const visit = await world.open('/users');
  const { page } = visit;
  await visit.settled();
  expect(await visit.layoutShift()).toBeLessThan(0.02);
  await visit.isWell();
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('E-mail').fill('ben@example.com');
  await dialog.getByLabel('Name').fill('Ben <b>Åström</b>');
  await dialog.getByLabel('Operator').check();
  await visit.axe();
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
  const link = await page.getByRole('dialog', { name: 'A link for ben@example.com' }).getByLabel('Link').inputValue();
  await visit.axe();
  await visit.shot('users-invited');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Invited, no password yet').waitFor();
  await page.getByText('Ben <b>Åström</b>').waitFor();
  await visit.shot('users', { dark: true });

  const ben = await world.open(link.replace(/^https?:\/\/[^/]+/, ''), { as: 'nobody', size: narrow });
  await ben.page.getByRole('heading', { name: 'Choose a password' }).waitFor();
  expect(await ben.page.getByLabel('E-mail').inputValue()).toBe('ben@example.com');
  await ben.page.getByRole('textbox', { name: 'Password' }).fill(password);
  await ben.page.getByRole('button', { name: 'Go on' }).click();
  await ben.page.getByRole('button', { name: 'ben@example.com' }).waitFor();
  await ben.go('/users');
  await ben.page.getByText('This needs the role admin').waitFor();
  await ben.page.getByText('with the role operator').waitFor();
  await ben.isWell();
});

it('tells what another role, disabling and removing mean before they are done', async () => {
  world.rollcall(['user', 'add', 'cleo@example.com', '--name', 'Cleo', '--role', 'viewer', '--password-stdin'], `${password}\n`);
  const visit = await world.open('/users', { size: wide });
  const { page } = visit;
  const act = async (item: string) => {
    await page.getByRole('button', { name: 'Actions for Cleo' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const row = page.getByRole('row').filter({ hasText: 'cleo@example.com' });
  await act('Change the role');
  await page.getByRole('dialog').getByLabel('Editor').check();
  await page.getByText('Cleo may do more from now on.').waitFor();
  await page.getByRole('button', { name: 'Change the role' }).click();
  await row.getByText('Editor').waitFor();

  await act('Disable');
  await page.getByRole('dialog').getByText('signed out at once').waitFor();
  await visit.axe();
  await page.getByRole('button', { name: 'Disable' }).click();
  await row.getByText('Disabled').waitFor();
  await act('Let them sign in again');
  await row.getByText('May sign in').waitFor();

  await act('Make a link for a new password');
  await page.getByRole('dialog').getByText('any link before it works no more').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();

  await act('Remove');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'detached' });
  expect((await world.api('GET', '/api/v1/users')).items.map((one: { email: string }) => one.email)).not.toContain('cleo@example.com');
});

it('keeps the last admin, and says why', async () => {
  const visit = await world.open('/users', { size: narrow });
  const { page } = visit;
  await page.getByText('You', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Actions for admin@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByText('Make somebody else one first').waitFor();
  await visit.fits();
  await page.getByRole('button', { name: 'Cancel' }).click();
});

it('is refused what is wrong at its field', async () => {
  const visit = await world.open('/users');
  const { page } = visit;
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('E-mail').fill('admin@example.com');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('alert').getByText('Nobody was invited').waitFor();
});

it('invites by the keyboard alone', async ({ task }) => {
  const dan = `dan${task.result?.retryCount ?? 0}@example.com`; // whom an earlier try did not invite
  const visit = await world.open('/users');
  const { page } = visit;
  await visit.settled();
  await visit.tabTo('Invite somebody');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Invite somebody' }).waitFor();
  await page.keyboard.type(dan);
  await visit.tabTo(/^Viewer/);
  await page.keyboard.press('ArrowDown');
  await page.getByRole('radio', { name: 'Operator', checked: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: `A link for ${dan}` }).waitFor();
  await page.keyboard.press('Escape');
  await visit.tabTo(`Actions for ${dan}`);
  await page.keyboard.press('Enter');
  await visit.arrowTo('Change the role');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: `Role of ${dan}` }).getByRole('radio', { name: 'Operator', checked: true }).waitFor();
});
