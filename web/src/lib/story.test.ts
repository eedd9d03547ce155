import { expect, test } from 'vitest';
import { storyOf, type Why } from './story';

const next = { at: '2026-11-30T07:00:00Z', paused: false, schedule: 'daily at 07:00' };
const base: Why = {
  activation: 'Lapsed VIPs',
  destination: 'Iterable',
  segment: 'Lapsed VIPs',
  asked: 'Ada@example.com',
  key: 'ada@example.com',
  key_type: 'email',
  key_field: 'email',
  key_form: 'good',
  in_model: true,
  in_segment: true,
  primary_keys: ['17'],
  rule: {
    combined: 'all',
    conditions: [
      { rule: 'lifetime_value ≥ 500', holds: true },
      { rule: 'no orders within the last 90 days', holds: true },
    ],
  },
  list: { id: 1, name: 'Lapsed VIPs' },
  state: 'on_list',
  state_text: 'on the list since 2026-11-24 13:49:40',
  ledger: {
    on_list: 'yes',
    in_segment: true,
    reason: null,
    detail: null,
    final: false,
    since: '2026-11-24T13:49:40Z',
    tried_at: '2026-11-24T13:49:40Z',
    wrote_at: '2026-11-24T13:49:40Z',
    last_write: 'add',
  },
  next_run: 'nothing: everything is as it should be',
  attributes_to_write: [],
};
const told = (why: Partial<Why>) => storyOf({ ...base, ...why }, next);

test('a member on the list: why, since when, and nothing to do', () => {
  const story = told({});
  expect([story.headline, story.tone, story.because]).toEqual([
    'On the list',
    'good',
    'In the segment, because all 2 conditions hold.',
  ]);
  expect(story.moments.map((one) => [one.at, one.what])).toEqual([
    ['2026-11-24T13:49:40Z', 'Written to the list, and Iterable confirmed it'],
    [null, 'Now: in the segment'],
    ['2026-11-30T07:00:00Z', 'Next run: nothing to do: everything is as it should be'],
  ]);
  expect(story.conditions.every((one) => one.decides)).toBe(true);
});

test('who is not in the segment is told by the conditions that fail', () => {
  const conditions = [
    { rule: 'a', holds: true },
    { rule: 'b', holds: false },
  ];
  const all = told({
    in_segment: false,
    state: 'unknown_to_ledger',
    ledger: null,
    rule: { combined: 'all', conditions },
  });
  expect([all.headline, all.because]).toEqual([
    'Not in the segment',
    'Not in the segment, because one condition of 2 does not hold.',
  ]);
  expect(all.conditions.map((one) => one.decides)).toEqual([false, true]);
  const none = told({
    in_segment: false,
    ledger: null,
    state: 'unknown_to_ledger',
    rule: { combined: 'none', conditions },
  });
  expect(none.because).toBe('Not in the segment, because one condition holds, and none may.');
  expect(none.conditions.map((one) => one.decides)).toEqual([true, false]);
  const any = told({ in_segment: true, rule: { combined: 'any', conditions } });
  expect(any.because).toBe('In the segment, because one condition of 2 holds, and one is enough.');
});

test('whoever left is told that they leave the list', () => {
  expect(told({ in_segment: false }).headline).toBe('On the list; leaves it at the next run');
  expect(told({ in_segment: false, in_model: false }).headline).toBe(
    'On the list; their row is gone, so they leave at the next run',
  );
  expect(
    told({ in_segment: false, state: 'removed', ledger: { ...base.ledger!, on_list: 'no', last_write: 'remove' } })
      .headline,
  ).toBe('Left the segment, and was taken off the list');
});

test('each trouble has its words and its colour', () => {
  const ledger = { ...base.ledger!, on_list: 'no' as const, wrote_at: null, last_write: null };
  const parked = told({
    state: 'not_a_contact',
    ledger: { ...ledger, reason: 'not_a_contact' },
    next_run: 'looked up again',
  });
  expect([parked.headline, parked.tone]).toEqual([
    'Waits: in the segment, and not a contact in Iterable yet',
    'waiting',
  ]);
  expect(parked.moments[0]!.what).toBe('Looked up: Iterable does not know this person');
  const rejected = told({ state: 'rejected', ledger: { ...ledger, reason: 'rejected', detail: 'InvalidEmail' } });
  expect([rejected.headline, rejected.tone, rejected.moments[0]!.what]).toEqual([
    'Rejected by Iterable',
    'bad',
    'Iterable refused: InvalidEmail',
  ]);
  expect(
    told({ key_form: 'malformed', in_segment: false, state: 'unknown_to_ledger', ledger: null }).headline,
  ).toContain('no e-mail address');
  expect(told({ state: 'not_on_list', ledger }).headline).toContain('taken off the list by somebody else');
});

test('a paused or manual activation says that no run is due', () => {
  expect(storyOf(base, { ...next, at: null, paused: true }).moments.at(-1)!.more).toContain('paused');
  expect(storyOf(base, { ...next, at: null, schedule: 'manual' }).moments.at(-1)!.more).toContain('(manual)');
});
