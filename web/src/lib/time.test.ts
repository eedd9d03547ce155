import { describe, expect, it } from 'vitest';

import { away, clock, span, utc } from './time';

const now = new Date('2026-10-30T14:00:00Z');

describe('clock', () => {
  it.each([
    ['2026-10-30T09:05:00Z', 'today 09:05'],
    ['2026-10-31T09:05:00Z', 'tomorrow 09:05'],
    ['2026-10-29T23:59:59Z', 'yesterday 23:59'],
    ['2026-11-06T14:05:00Z', 'Fri 6 Nov, 14:05'],
    ['2025-11-06T14:05:00Z', 'Thu 6 Nov 2025, 14:05'],
  ])('%s is %s', (iso, words) => expect(clock(iso, now)).toBe(words));
});

describe('away', () => {
  it.each([
    ['2026-10-30T14:05:30Z', 'in 5 minutes'],
    ['2026-10-30T14:00:30Z', 'in less than a minute'],
    ['2026-10-30T13:59:57Z', 'just now'],
    ['2026-10-30T12:00:00Z', '2 hours ago'],
    ['2026-10-28T12:00:00Z', '2 days ago'],
  ])('%s is %s', (iso, words) => expect(away(iso, now)).toBe(words));
});

describe('span', () => {
  it.each([
    [0.2, 'less than a second'],
    [3.4, '3 s'],
    [80, '1 min 20 s'],
    [120, '2 min'],
    [7500, '2 h 5 min'],
    [7200, '2 h'],
  ])('%d s is %s', (seconds, words) => expect(span(seconds)).toBe(words));
});

it('utc tells the second', () => expect(utc('2026-01-02T03:04:05Z')).toBe('2026-01-02 03:04:05 UTC'));
