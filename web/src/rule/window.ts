// The bounds of a window of time in plain dates, in the model's zone, as the service will take them.
import { Exact } from '../lib/exact-json';
import { DAY, isMoment, isDay, spanOf } from './operators';
import { isSpan } from './tree';
import type { FieldTest, FieldType, Span, Unit, Value } from './types';

// A date and a time of day as a calendar and a clock on a wall show them, kept as if it were UTC.
type Wall = Date;

const MINUTE = 60_000;
const EXACT: { [unit in Unit]?: number } = { minutes: MINUTE, hours: 60 * MINUTE, days: 1440 * MINUTE, weeks: 7 * 1440 * MINUTE };

function wallOf(now: Date, tz: string): Wall {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: tz,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const of = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return new Date(Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')));
}

// By the calendar: a month on from the 31st is the last of a shorter month.
function plusMonths(wall: Wall, months: number): Wall {
  const first = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(wall.getUTCDate(), last));
  return new Date(first.getTime() + (wall.getTime() % (1440 * MINUTE)));
}

function plus(wall: Wall, unit: Unit, count: number): Wall {
  if (unit === 'months') return plusMonths(wall, count);
  if (unit === 'years') return plusMonths(wall, 12 * count);
  return new Date(wall.getTime() + count * (EXACT[unit] ?? 0));
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const timeFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayWords = (wall: Wall) => dayFormat.format(wall).replace(',', '');
const zoneWords = (tz: string) => (tz === 'UTC' ? 'UTC' : `${tz.replaceAll('_', ' ')} time`);
const momentWords = (wall: Wall, tz: string) => `${dayWords(wall)}, ${timeFormat.format(wall)} ${zoneWords(tz)}`;
const literalDay = (text: string): Wall => new Date(`${text.slice(0, 10)}T00:00:00Z`);

// Where no calendar of JavaScript reaches there are no words.
const sound = (wall: Wall) => !Number.isNaN(wall.getTime());

function spanWindow(op: string, span: Span, type: FieldType, tz: string, now: Date): string {
  const { unit, count } = spanOf(span);
  if (count instanceof Exact || !Number.isInteger(count) || count < 0) return '';
  const wall = wallOf(now, tz);
  const today = literalDay(wall.toISOString());
  const isDate = type === 'date';
  if (op === 'anniversary_within') {
    if (unit === 'minutes' || unit === 'hours') return '';
    const end = plus(today, unit, count);
    return sound(end) ? `anniversaries from ${dayWords(today)} (today) to ${dayWords(end)}, whatever the year` : '';
  }
  if (isDate) {
    if (unit === 'minutes' || unit === 'hours') return '';
    const there = plus(today, unit, op === 'within_next' ? count : -count);
    if (!sound(there)) return '';
    if (op === 'within_next') return `from ${dayWords(today)} (today included) to ${dayWords(there)}`;
    if (op === 'within_last') return `from ${dayWords(there)} to ${dayWords(today)}, today included`;
    return `before ${dayWords(there)}, or after today`;
  }
  // Without a change of clocks: weeks and less are counted in hours, so the moment is counted first.
  const exact = EXACT[unit];
  const sign = op === 'within_next' ? 1 : -1;
  const there = exact === undefined ? plus(wall, unit, sign * count) : wallAt(now.getTime() + sign * count * exact, tz);
  if (!there || !sound(there)) return '';
  if (op === 'within_next') return `from now until ${momentWords(there, tz)}`;
  if (op === 'within_last') return `since ${momentWords(there, tz)}, until now: today included`;
  return `before ${momentWords(there, tz)}, or later than now`;
}

function wallAt(ms: number, tz: string): Wall | undefined {
  const at = new Date(ms);
  return sound(at) ? wallOf(at, tz) : undefined;
}

// A date or a time somebody gave, as its start and its end.
function literalWords(text: string, tz: string): string {
  if (DAY.test(text)) return dayWords(literalDay(text));
  const zoned = /(Z|[+-][0-9]{2}:[0-9]{2})$/.test(text);
  if (!zoned) return momentWords(new Date(`${text.replace(' ', 'T')}Z`), tz);
  return momentWords(wallOf(new Date(text.replace(' ', 'T')), tz), tz);
}

function literalWindow(op: string, values: readonly string[], type: FieldType, tz: string): string {
  const [first = '', last = ''] = values;
  if (values.some((one) => (type === 'date' || op === 'on' ? !isDay(one) : !isMoment(one)))) return '';
  const zone = type === 'timestamp' ? `, ${zoneWords(tz)}` : '';
  const end = (text: string) => (DAY.test(text) ? `the end of ${dayWords(literalDay(text))}` : literalWords(text, tz));
  const start = (text: string) => (DAY.test(text) ? `the start of ${dayWords(literalDay(text))}` : literalWords(text, tz));
  if (op === 'on') return `the whole of ${dayWords(literalDay(first))}${zone}`;
  if (type === 'date') {
    if (op === 'before') return `${dayWords(literalDay(first))} not included`;
    if (op === 'after') return `${dayWords(literalDay(first))} not included`;
    return `from ${dayWords(literalDay(first))} to ${dayWords(literalDay(last))}, both included`;
  }
  const tail = values.every((one) => DAY.test(one)) ? zone : '';
  if (op === 'before') return `until ${start(first)}${tail}`;
  if (op === 'after') return DAY.test(first) ? `from ${end(first)}${tail}` : `later than ${literalWords(first, tz)}`;
  return `from ${start(first)} to ${end(last)}${tail}`;
}

// In words, or '' where the operator has no window or the value is not finished.
export function windowWords(test: Pick<FieldTest, 'op' | 'value'>, type: FieldType, tz: string, now: Date): string {
  const value: Value | undefined = test.value;
  if (isSpan(value)) return spanWindow(test.op, value, type, tz, now);
  if (type !== 'date' && type !== 'timestamp') return '';
  if (!['before', 'after', 'on', 'between'].includes(test.op)) return '';
  const values = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  if (!values.every((one): one is string => typeof one === 'string')) return '';
  if (test.op === 'between' && values.length !== 2) return '';
  return literalWindow(test.op, values, type, tz);
}
