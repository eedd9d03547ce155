// What alerts tell of, in the words of docs/operating/alerts.md.
import type { components } from '../api/schema';

export type Channel = components['schemas']['AlertChannel'];
export type Trouble = NonNullable<components['schemas']['AlertChannelBody']['troubles']>[number];

export const TROUBLES: readonly { trouble: Trouble; title: string; begins: string; ends: string }[] = [
  {
    trouble: 'failed',
    title: 'A run failed',
    begins: 'A run failed, or the activation rests because something is broken.',
    ends: 'A run was completed.',
  },
  {
    trouble: 'stopped',
    title: 'The guard stopped a run',
    begins: 'A run would have changed too much, and waits for approval.',
    ends: 'A run was not stopped.',
  },
  {
    trouble: 'rejects',
    title: 'Many rejects',
    begins: 'Iterable rejects more of the members than it should (5%, and at least 20 people).',
    ends: 'It rejects fewer.',
  },
  {
    trouble: 'size',
    title: 'The segment jumped',
    begins: 'The members are far more or far fewer than at the run before (50%, and at least 100 people).',
    ends: 'The next run finds about as many.',
  },
  {
    trouble: 'late',
    title: 'A run is late',
    begins: 'A run has been due for 15 minutes and has not begun.',
    ends: 'It has begun.',
  },
  {
    trouble: 'drift',
    title: 'The list drifted',
    begins: 'An audit found people missing from the list, or people on it who should not be.',
    ends: 'An audit found neither.',
  },
];

export const titleOfTrouble = (trouble: string): string =>
  TROUBLES.find((one) => one.trouble === trouble)?.title ?? trouble;

export function toldOf(channel: Pick<Channel, 'troubles'>): string {
  const named = channel.troubles ?? [];
  return named.length === 0 || named.length === TROUBLES.length
    ? 'Every trouble'
    : named.map(titleOfTrouble).join(', ');
}

export const KINDS = [
  { kind: 'email', title: 'E-mail', where: 'Addresses' },
  { kind: 'slack', title: 'Slack', where: 'Incoming webhook' },
  { kind: 'webhook', title: 'Webhook', where: 'Any address' },
] as const;

export function whereTo(channel: Pick<Channel, 'kind' | 'to'>): string {
  if (channel.kind === 'email') return (channel.to ?? []).join(', ');
  return channel.kind === 'slack' ? 'An incoming webhook of Slack' : 'A webhook';
}

// E-mail addresses as people type or paste them: with commas, semicolons, spaces or on lines of their own.
export const addressesOf = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter((one) => one !== ''))];
