// The four kinds of schedule, as an activation has them and as a form edits them.
import { list, many } from './words';

export type Day = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
export interface Recurrence {
  days: Day[];
  at: string; // HH:MM
  tz?: string;
}
export type Schedule = 'manual' | { every: string } | { recurrences: Recurrence[] } | { cron: string; tz?: string };

export const days: { value: Day; label: string }[] = [
  { value: 'mon', label: 'Mon' },
  { value: 'tue', label: 'Tue' },
  { value: 'wed', label: 'Wed' },
  { value: 'thu', label: 'Thu' },
  { value: 'fri', label: 'Fri' },
  { value: 'sat', label: 'Sat' },
  { value: 'sun', label: 'Sun' },
];

export type Unit = 'm' | 'h' | 'd';
export interface ScheduleDraft {
  kind: 'manual' | 'every' | 'recurrences' | 'cron';
  amount: number | '';
  unit: Unit;
  recurrences: { days: Day[]; at: string; tz: string }[];
  cron: string;
  tz: string; // of cron
}

const units: Record<Unit, string> = { m: 'minute', h: 'hour', d: 'day' };
const workdays: Day[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

export function newScheduleDraft(zone: string): ScheduleDraft {
  return {
    kind: 'every',
    amount: 1,
    unit: 'h',
    recurrences: [{ days: workdays, at: '09:00', tz: zone }],
    cron: '0 7 * * *',
    tz: 'UTC',
  };
}

// "90m" is 90 minutes; seconds are no unit of schedules.
function parseSpan(text: string): { amount: number; unit: Unit } | undefined {
  const found = /^(\d+)([mhd])$/.exec(text);
  return found ? { amount: Number(found[1]), unit: found[2] as Unit } : undefined;
}

// What a form starts from. What is not said is manual.
export function scheduleDraft(schedule: Schedule | undefined, zone: string): ScheduleDraft {
  const draft = newScheduleDraft(zone);
  if (schedule === undefined || schedule === 'manual') return { ...draft, kind: 'manual' };
  if ('every' in schedule) return { ...draft, kind: 'every', ...parseSpan(schedule.every) };
  if ('recurrences' in schedule)
    return { ...draft, kind: 'recurrences', recurrences: schedule.recurrences.map((one) => ({ ...one, tz: one.tz ?? 'UTC' })) };
  return { ...draft, kind: 'cron', cron: schedule.cron, tz: schedule.tz ?? 'UTC' };
}

export function scheduleOf(draft: ScheduleDraft): Schedule {
  switch (draft.kind) {
    case 'manual':
      return 'manual';
    case 'every':
      return { every: `${draft.amount}${draft.unit}` };
    case 'recurrences':
      return { recurrences: draft.recurrences };
    case 'cron':
      return { cron: draft.cron.trim(), tz: draft.tz };
  }
}

// Why it cannot be taken as it is; what only the service knows (a cron text) is left to it.
export function scheduleTrouble(draft: ScheduleDraft): string | undefined {
  if (draft.kind === 'every') {
    if (draft.amount === '' || draft.amount < 1 || !Number.isInteger(draft.amount)) return 'Say how often, in whole numbers';
    if (draft.unit === 'm' && draft.amount < 5) return 'Every 5 minutes is the most often there is';
  }
  if (draft.kind === 'recurrences') {
    if (draft.recurrences.length === 0) return 'Add at least one time';
    if (draft.recurrences.some((one) => one.days.length === 0)) return 'Choose at least one day';
    if (draft.recurrences.some((one) => !/^\d\d:\d\d$/.test(one.at))) return 'Say at what time';
  }
  if (draft.kind === 'cron' && !draft.cron.trim()) return 'Write five fields: minute, hour, day of month, month, day of week';
  return undefined;
}

function daysInWords(which: Day[]): string {
  if (which.length === 7) return 'every day';
  if (which.length === 5 && workdays.every((one) => which.includes(one))) return 'from Monday to Friday';
  return `on ${list(days.filter((one) => which.includes(one.value)).map((one) => one.label))}`;
}

// "every hour", "on Mon and Wed at 09:00 (Europe/Paris)".
export function scheduleInWords(schedule: Schedule | undefined): string {
  if (schedule === undefined || schedule === 'manual') return 'only when somebody runs it';
  if ('every' in schedule) {
    const span = parseSpan(schedule.every);
    if (!span) return `every ${schedule.every}`;
    return span.amount === 1 ? `every ${units[span.unit]}` : `every ${many(span.amount, units[span.unit])}`;
  }
  if ('recurrences' in schedule)
    return list(schedule.recurrences.map((one) => `${daysInWords(one.days)} at ${one.at} (${one.tz ?? 'UTC'})`));
  return `by cron ${schedule.cron} (${schedule.tz ?? 'UTC'})`;
}
