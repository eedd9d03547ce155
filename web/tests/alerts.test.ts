import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { narrow, useWorld } from './harness';

const world = useWorld({ extent: 'empty' });

// Where messages of webhooks arrive; it refuses them when told to.
const heard: { body: Record<string, string>; signature: string | undefined }[] = [];
let refuses = false;
let hook = '';
const server = createServer((asked, answer) => {
  let text = '';
  asked.on('data', (part) => (text += part));
  asked.on('end', () => {
    if (!refuses) heard.push({ body: JSON.parse(text), signature: asked.headers['x-rollcall-signature'] as string | undefined });
    answer.writeHead(refuses ? 500 : 200).end();
  });
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
});
afterAll(() => server.close());

it('adds a webhook, tests it, and shows that messages do not arrive', async () => {
  const visit = await world.open('/alerts');
  const { page } = visit;
  await page.getByText('Nobody is told yet').waitFor();
  expect(await visit.layoutShift()).toBeLessThan(0.02);
  await page.getByRole('rowheader', { name: 'The guard stopped a run' }).waitFor();
  await visit.isWell();
  await page.getByRole('button', { name: 'Add a channel' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a channel' });
  await form.getByLabel('Name').fill('Pager');
  await form.getByText('Webhook', { exact: true }).click();
  await form.getByRole('textbox', { name: 'Address' }).fill('pager.example.com');
  await form.getByRole('button', { name: 'Add the channel' }).click();
  await form.getByText('begins with https://').waitFor();
  await form.getByRole('textbox', { name: 'Address' }).fill(hook);
  await form.getByRole('textbox', { name: 'Secret' }).fill('of the pager');
  await form.getByLabel('A run is late').uncheck();
  await visit.axe();
  await form.getByRole('button', { name: 'Add the channel' }).click();
  await page.getByRole('heading', { name: 'Pager' }).waitFor();
  const card = page.getByRole('region', { name: 'Pager' });
  expect(await page.content(), 'an address is never shown again').not.toContain(hook);
  await card.getByText('A run failed, The guard stopped a run').waitFor();

  await card.getByRole('button', { name: 'Send a test to Pager' }).click();
  await card.getByText('The test was delivered').waitFor();
  expect(heard).toHaveLength(1);
  expect(heard[0]!.body['event']).toBe('test');
  expect(heard[0]!.signature).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);

  refuses = true;
  await card.getByRole('button', { name: 'Send a test to Pager' }).click();
  await card.getByText('The last message was not delivered').waitFor();
  await card.getByText('Not delivered', { exact: true }).waitFor();
  await visit.isWell();
  await visit.shot('alerts', { dark: true });

  // What is stored stays when something else is changed.
  refuses = false;
  await card.getByRole('button', { name: 'Change Pager' }).click();
  const change = page.getByRole('dialog', { name: 'Change “Pager”' });
  expect(await change.getByLabel('A run is late').isChecked()).toBe(false);
  await change.getByLabel('Name').fill('Pager of the night');
  await change.getByRole('button', { name: 'Save' }).click();
  const renamed = page.getByRole('region', { name: 'Pager of the night' });
  await renamed.getByRole('button', { name: 'Send a test' }).click();
  await renamed.getByText('The test was delivered').waitFor();
  expect(heard).toHaveLength(2);
  expect(heard[1]!.signature).toBeDefined();

  await renamed.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByText('its stored address is lost').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Nobody is told yet').waitFor();
});

it('takes addresses as they are pasted, on a narrow screen, and asks before a draft is lost', async () => {
  const visit = await world.open('/alerts', { size: narrow });
  const { page } = visit;
  await page.getByRole('button', { name: 'Add a channel' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a channel' });
  await form.getByLabel('Name').fill('Marketing');
  await form.getByLabel('Addresses').fill('ann@example.com; ben');
  await form.getByRole('button', { name: 'Add the channel' }).click();
  await form.getByText('“ben” is no e-mail address').waitFor();
  await form.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Close without saving?' }).getByRole('button', { name: 'Cancel' }).click();
  await form.getByLabel('Addresses').fill('ann@example.com; ben@example.com');
  await form.getByRole('button', { name: 'Add the channel' }).click();
  await page.getByText('ann@example.com, ben@example.com').waitFor();
  await visit.fits();
  await page.getByRole('button', { name: 'Send a test to Marketing' }).click();
  await page.getByText('The last message was not delivered').waitFor(); // no mail server is set
});
