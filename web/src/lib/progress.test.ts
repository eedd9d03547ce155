import { expect, it } from 'vitest';

import { leftOf, rateOf } from './progress';

const begun_at = '2026-10-30T14:00:00Z';
const now = new Date('2026-10-30T14:00:10Z');

it('tells a rate and what is left once there is something to go by', () => {
  expect(rateOf({ begun_at, done: 500, total: 2000 }, now)).toBe(50);
  expect(leftOf({ begun_at, done: 500, total: 2000 }, now)).toBe(30);
  expect(leftOf({ begun_at, done: 500, total: 0 }, now)).toBeUndefined();
  expect(rateOf({ begun_at, done: 0, total: 2000 }, now)).toBeUndefined();
  expect(rateOf({ begun_at, done: 9, total: 2000 }, new Date(begun_at))).toBeUndefined();
  expect(leftOf({ begun_at, done: 2100, total: 2000 }, now)).toBe(0);
});
