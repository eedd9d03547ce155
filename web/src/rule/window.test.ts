import { describe, expect, it } from 'vitest';

import type { FieldType, Value } from './types';
import { windowWords } from './window';

const now = new Date('2026-03-31T12:30:00Z');
const say = (op: string, value: Value, type: FieldType = 'timestamp', tz = 'UTC') => windowWords({ op, value }, type, tz, now);

describe('a window', () => {
  it('of times goes back from this very moment', () => {
    expect(say('within_last', { days: 1 })).toBe('since Mon 30 Mar 2026, 12:30 UTC, until now: today included');
    expect(say('within_last', { months: 1 })).toBe('since Sat 28 Feb 2026, 12:30 UTC, until now: today included');
    expect(say('not_within_last', { years: 1 })).toBe('before Mon 31 Mar 2025, 12:30 UTC, or later than now');
    expect(say('within_next', { hours: 2 })).toBe('from now until Tue 31 Mar 2026, 14:30 UTC');
  });

  it('is told in the model’s zone, with the hours of its change of clocks', () => {
    // Clocks went forward on the 29th: three days of 24 hours before 14:30 it was 13:30.
    expect(say('within_last', { days: 3 }, 'timestamp', 'Europe/Paris')).toBe(
      'since Sat 28 Mar 2026, 13:30 Europe/Paris time, until now: today included',
    );
    expect(say('within_last', { months: 1 }, 'timestamp', 'Europe/Paris')).toBe(
      'since Sat 28 Feb 2026, 14:30 Europe/Paris time, until now: today included',
    );
    // It is tomorrow already in Auckland.
    expect(say('within_last', { days: 0 }, 'date', 'Pacific/Auckland')).toBe('from Wed 1 Apr 2026 to Wed 1 Apr 2026, today included');
  });

  it('of dates counts whole days', () => {
    expect(say('within_last', { days: 2 }, 'date')).toBe('from Sun 29 Mar 2026 to Tue 31 Mar 2026, today included');
    expect(say('not_within_last', { weeks: 1 }, 'date')).toBe('before Tue 24 Mar 2026, or after today');
    expect(say('within_next', { days: 1 }, 'date')).toBe('from Tue 31 Mar 2026 (today included) to Wed 1 Apr 2026');
    expect(say('anniversary_within', { days: 14 }, 'date')).toBe(
      'anniversaries from Tue 31 Mar 2026 (today) to Tue 14 Apr 2026, whatever the year',
    );
    expect(say('within_last', { hours: 2 }, 'date')).toBe('');
  });

  it('between given days takes both in', () => {
    expect(say('between', ['2026-01-01', '2026-01-31'])).toBe('from the start of Thu 1 Jan 2026 to the end of Sat 31 Jan 2026, UTC');
    expect(say('between', ['2026-01-01', '2026-01-31'], 'date')).toBe('from Thu 1 Jan 2026 to Sat 31 Jan 2026, both included');
    expect(say('after', '2026-01-31')).toBe('from the end of Sat 31 Jan 2026, UTC');
    expect(say('after', '2026-01-31 09:30')).toBe('later than Sat 31 Jan 2026, 09:30 UTC');
    expect(say('before', '2026-01-31T09:30:00+02:00')).toBe('until Sat 31 Jan 2026, 07:30 UTC');
    expect(say('on', '2026-01-31')).toBe('the whole of Sat 31 Jan 2026, UTC');
  });

  it('that is not finished says nothing', () => {
    expect(say('on', '')).toBe('');
    expect(say('between', ['2026-01-01', ''])).toBe('');
    expect(say('within_last', { days: -1 })).toBe('');
    expect(say('within_last', { years: 1_000_000 })).toBe('');
  });
});
