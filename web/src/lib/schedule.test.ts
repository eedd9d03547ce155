import { describe, expect, it } from 'vitest';

import { newScheduleDraft, scheduleDraft, scheduleInWords, scheduleOf, scheduleTrouble } from './schedule';
import type { Schedule } from './schedule';

const all: [Schedule, string][] = [
  ['manual', 'only when somebody runs it'],
  [{ every: '1h' }, 'every hour'],
  [{ every: '15m' }, 'every 15 minutes'],
  [{ every: '2d' }, 'every 2 days'],
  [{ recurrences: [{ days: ['mon', 'wed'], at: '09:00', tz: 'Europe/Paris' }] }, 'on Mon and Wed at 09:00 (Europe/Paris)'],
  [{ recurrences: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], at: '09:00', tz: 'UTC' }] }, 'from Monday to Friday at 09:00 (UTC)'],
  [
    {
      recurrences: [
        { days: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'], at: '06:30', tz: 'UTC' },
        { days: ['sat'], at: '18:00', tz: 'Asia/Tokyo' },
      ],
    },
    'every day at 06:30 (UTC) and on Sat at 18:00 (Asia/Tokyo)',
  ],
  [{ cron: '0 7 * * *', tz: 'UTC' }, 'by cron 0 7 * * * (UTC)'],
];

describe('a schedule', () => {
  it.each(all)('%j is, in words, %s', (schedule, words) => expect(scheduleInWords(schedule)).toBe(words));
  it.each(all)('%j comes back from a form as it was', (schedule) => {
    expect(scheduleOf(scheduleDraft(schedule, 'Europe/Berlin'))).toEqual(schedule);
    expect(scheduleTrouble(scheduleDraft(schedule, 'Europe/Berlin'))).toBeUndefined();
  });
  it('that is not said is manual', () => expect(scheduleOf(scheduleDraft(undefined, 'UTC'))).toBe('manual'));
});

describe('what cannot be taken', () => {
  const draft = newScheduleDraft('UTC');
  it.each([
    [{ amount: '' as const }, 'whole numbers'],
    [{ amount: 1.5 }, 'whole numbers'],
    [{ amount: 4, unit: 'm' as const }, 'Every 5 minutes'],
    [{ kind: 'recurrences' as const, recurrences: [] }, 'at least one time'],
    [{ kind: 'recurrences' as const, recurrences: [{ days: [], at: '09:00', tz: 'UTC' }] }, 'at least one day'],
    [{ kind: 'recurrences' as const, recurrences: [{ days: ['mon' as const], at: '', tz: 'UTC' }] }, 'at what time'],
    [{ kind: 'cron' as const, cron: ' ' }, 'five fields'],
  ])('%j: %s', (change, words) => expect(scheduleTrouble({ ...draft, ...change })).toContain(words));
});
