import { expect, it } from 'vitest';

import { differenceInWords, guardInWords, partsOf, trendInWords } from './numbers';

const standing = { on_list: 90, not_a_contact: 5, rejected: 0, unknown: 1, not_sent: 0, leavers_on_list: 2 };
const segment = { rows: 100, members: 96, no_key: 3, invalid_key: 1, duplicate_key: 0 };

it('tells every reason that there is, and no other; the sums hold', () => {
  const parts = partsOf(standing, segment);
  expect(parts.map((one) => [one.kind, one.people])).toEqual([
    ['no_key', 3],
    ['invalid_key', 1],
    ['not_a_contact', 5],
    ['unknown', 1],
    ['leaver', 2],
  ]);
  const away = parts.filter((one) => one.kind !== 'leaver').reduce((sum, one) => sum + one.people, 0);
  expect(standing.on_list + away).toBe(segment.rows);
  expect(partsOf(standing).map((one) => one.kind)).toEqual(['not_a_contact', 'unknown', 'leaver']);
});

it.each([
  [{ listed: 90, expected: 90, missing: 0, extra: 0, foreign: 0 }, 'exactly the 90 people'],
  [{ listed: 91, expected: 90, missing: 0, extra: 0, foreign: 1 }, '91 people, and Rollcall expects 90 people: 1 person on it was added by somebody else.'],
  [{ listed: 90, expected: 90, missing: 2, extra: 2, foreign: 0 }, '2 people should be off it and are not; 2 people should be on it and are not.'],
])('%j: %s', (audit, words) => expect(differenceInWords(audit)).toContain(words));

it.each([
  [[], 'no run yet'],
  [[5], '5 people after the first run'],
  [[5, 5], 'as many as after the run before'],
  [[1, 5, 8], '3 more than after the run before'],
  [[8, 1], '7 fewer than after the run before'],
])('%j: %s', (values, words) => expect(trendInWords(values)).toBe(words));

it('tells what the guard said, without what is for who types commands', () => {
  const said =
    'stopped by the guard before anything was sent: 84 people would be removed = 74 % of the 113 on the list; the limit is 30 % (max_removed_share). If this is meant, run with `--approve 2026`; otherwise correct the segment or the data.';
  expect(guardInWords(said)).toBe('84 people would be removed, 74% of the 113 on the list; the limit is 30%.');
  expect(guardInWords('another thing')).toBe('Another thing');
});
