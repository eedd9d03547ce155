import { expect, it } from 'vitest';

import type { Schemas } from '../api/client';
import { attention, order, trends } from './dashboard';

const now = new Date('2026-10-30T14:00:00Z');
const status = (name: string, change: object = {}) =>
  ({ uid: name, name, state: 'completed', paused: false, waiting: false, under_way: null, rests: null, next_run_at: null, last_run: null, ...change }) as Schemas['ActivationStatus'];
const rests = { kind: 'source', name: 'shop', problem: 'the file is gone', remedy: 'Put it back.', since: '2026-10-30T13:00:00Z' };

const all = [
  status('b'),
  status('a', { paused: true }),
  status('stopped', { state: 'stopped', last_run: { error: 'too many leave' } }),
  status('failed', { state: 'failed', last_run: { error: 'no answer' } }),
  status('rests', { rests }),
];

it('tells what needs a person first, with why and what to do', () => {
  expect(order(all, now).map((one) => one.name)).toEqual(['failed', 'stopped', 'rests', 'a', 'b']);
  expect(attention(all, now).map((one) => [one.state, one.why, one.remedy])).toEqual([
    ['Failed', 'no answer', ''],
    ['Stopped', 'Too many leave', 'Approve what it would do, or correct it.'],
    ['Resting', 'The source shop is broken: the file is gone', 'Put it back.'],
  ]);
  expect(attention([status('well')], now)).toEqual([]);
});

it('draws only runs that came to their end, the oldest first', () => {
  const run = (activation_uid: string, on_list: number, how = 'completed') => ({ activation_uid, status: how, standing: { on_list } }) as Schemas['Run'];
  const found = trends([run('a', 5), run('a', 4, 'failed'), run('b', 1), run('a', 3, 'completed_with_rejects')]);
  expect(found.get('a')).toEqual([3, 5]);
  expect(found.get('b')).toEqual([1]);
  expect(trends([run('a', 3), run('a', 2), run('a', 1)], 2).get('a')).toEqual([2, 3]);
});
