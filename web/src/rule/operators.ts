// What may be asked of a field, in the builder's words, and what stays of a value when the question
// changes. Which operators there are comes from the service (/meta).
import { Exact } from '../lib/exact-json';
import { isSpan } from './tree';
import type { Aggregate, FieldType, ModelField, Operator, Operators, RelatedTest, Scalar, Span, Unit, Value } from './types';

const PHRASES: { [op: string]: string } = {
  eq: 'is',
  ne: 'is not',
  gt: 'is more than',
  gte: 'is at least',
  lt: 'is less than',
  lte: 'is at most',
  between: 'is between',
  in: 'is any of',
  not_in: 'is none of',
  contains: 'contains',
  not_contains: 'does not contain',
  starts_with: 'starts with',
  ends_with: 'ends with',
  matches: 'matches the pattern',
  is_null: 'has no value',
  is_not_null: 'has a value',
  is_blank: 'is blank or has no value',
  is_true: 'is yes',
  is_false: 'is no',
  before: 'is before',
  after: 'is after',
  on: 'is on the day',
  within_last: 'is within the last',
  not_within_last: 'is not within the last',
  within_next: 'is within the next',
  anniversary_within: 'has its anniversary within the next',
  has: 'has',
  has_any: 'has any of',
  has_all: 'has all of',
  is_empty: 'is empty',
  is_not_empty: 'is not empty',
};
const COUNT_PHRASES: { [op: string]: string } = {
  eq: 'exactly',
  ne: 'any number but',
  gt: 'more than',
  gte: 'at least',
  lt: 'fewer than',
  lte: 'at most',
  between: 'between',
  in: 'any of the numbers',
  not_in: 'none of the numbers',
};
export const AGGREGATE_PHRASES: { [one in Aggregate]: string } = {
  count: 'their number',
  count_distinct: 'the number of different',
  sum: 'the total of',
  avg: 'the average of',
  min: 'the least of',
  max: 'the greatest of',
};

export const phraseOf = (operators: Operators, op: string) => PHRASES[op] ?? operators.all.find((one) => one.op === op)?.phrase ?? op;
export const countPhraseOf = (operators: Operators, op: string) => COUNT_PHRASES[op] ?? phraseOf(operators, op);

export const takesOf = (operators: Operators, op: string): Operator['takes'] =>
  operators.all.find((one) => one.op === op)?.takes ?? 'value';
export const ignoresCase = (operators: Operators, op: string, type: FieldType) =>
  type === 'text' && operators.all.find((one) => one.op === op)?.ignores_case === true;

export const isNumber = (type: FieldType) => type === 'integer' || type === 'decimal' || type === 'number';
export const isTime = (type: FieldType) => type === 'date' || type === 'timestamp';

// The service names none for JSON by itself: of it the same may be asked as of objects.
const namedOf = (operators: Operators, type: FieldType): readonly string[] =>
  operators.by_type[type] ?? (type === 'json' ? operators.by_type.object : undefined) ?? [];

// The one that is asked for most often comes first in the builder.
const USUAL: { [type in FieldType]?: string } = {
  date: 'within_last',
  timestamp: 'within_last',
  integer: 'gte',
  decimal: 'gte',
  number: 'gte',
};
export function usualOperator(operators: Operators, type: FieldType): string {
  const ops = namedOf(operators, type);
  const usual = USUAL[type];
  return (usual && ops.includes(usual) ? usual : ops[0]) ?? 'is_not_null';
}

// Of which fields an aggregate can be.
export function aggregates(aggregate: Aggregate, field: ModelField): boolean {
  if (aggregate === 'sum' || aggregate === 'avg') return isNumber(field.type);
  if (aggregate === 'min' || aggregate === 'max') return isNumber(field.type) || isTime(field.type) || field.type === 'text';
  return field.type !== 'object' && field.type !== 'list' && field.type !== 'json';
}
// What a related test compares: the type of the number, or of the value it comes to.
export function comparedType(test: RelatedTest, fields: readonly ModelField[] | undefined): FieldType {
  if (test.aggregate === 'count' || test.aggregate === 'count_distinct') return 'integer';
  if (test.aggregate === 'avg') return 'number';
  return fields?.find((one) => one.name === test.field)?.type ?? 'number';
}
export const operatorsOf = (operators: Operators, type: FieldType, ofCount = false): readonly string[] =>
  ofCount ? operators.of_counts : namedOf(operators, type);

export const spanOf = (span: Span): { unit: Unit; count: number | Exact } => {
  const [first] = Object.entries(span) as [Unit, number | Exact][];
  return first ? { unit: first[0], count: first[1] } : { unit: 'days', count: 1 };
};

const isScalar = (value: Value | undefined): value is Scalar => value !== undefined && !Array.isArray(value) && !isSpan(value);

const DIGITS = /^-?(0|[1-9][0-9]*)$/;
const DECIMAL = /^-?[0-9]+(\.[0-9]+)?$/;
export const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$/;

export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
export const isMoment = (text: string) => MOMENT.test(text) && isDay(text.slice(0, 10));

// A text somebody typed, as a value of the type; undefined where it is none.
export function scalarOf(type: FieldType, text: string): Scalar | undefined {
  if (!isNumber(type)) return text;
  const digits = text.trim();
  if (!DECIMAL.test(digits)) return undefined;
  if (type === 'integer' && !DIGITS.test(digits)) {
    // A fraction is a number all the same: nobody has it, and it may be compared with.
    return Number(digits);
  }
  const number = Number(digits);
  if (DIGITS.test(digits) && !Number.isSafeInteger(number)) return type === 'decimal' ? digits : new Exact(digits);
  // More digits than a double holds are kept as text, which decimals take.
  if (type === 'decimal' && String(number) !== digits && !/^-?[0-9]+\.[0-9]*0+$/.test(digits)) return digits;
  return number;
}

export function fitsType(type: FieldType, value: Scalar): boolean {
  if (isNumber(type))
    return typeof value === 'number' || value instanceof Exact || (type === 'decimal' && typeof value === 'string' && DECIMAL.test(value));
  if (type === 'text') return typeof value === 'string';
  if (type === 'date') return typeof value === 'string' && isDay(value);
  if (type === 'timestamp') return typeof value === 'string' && isMoment(value);
  return type !== 'boolean';
}

export const textOf = (value: Scalar | undefined): string => (value === undefined ? '' : String(value));

// What of a value goes on being meant under another operator or another field; undefined: nothing.
export function keptValue(value: Value | undefined, takes: Operator['takes'], type: FieldType): Value | undefined {
  if (value === undefined || takes === 'nothing') return undefined;
  if (takes === 'span') return isSpan(value) ? value : undefined;
  if (isSpan(value)) return undefined;
  const scalars = (Array.isArray(value) ? value : [value]) as readonly Scalar[];
  const meant = scalars
    .map((one) => (fitsType(type, one) ? one : typeof one === 'string' || !isNumber(type) ? scalarOf(type, textOf(one)) : undefined))
    .filter((one): one is Scalar => one !== undefined && fitsType(type, one));
  if (takes === 'values') return meant.length > 0 ? meant : undefined;
  if (takes === 'range') return meant.length === 2 ? meant : undefined;
  const [first] = meant;
  return meant.length === 1 && isScalar(first) ? first : undefined;
}

// What an operator begins with when it is chosen: what stays of the value before, or what is usual.
export function valueFor(operators: Operators, op: string, type: FieldType, before: Value | undefined): Value | undefined {
  const takes = takesOf(operators, op);
  const kept = keptValue(before, takes, type);
  if (op === 'on' && typeof kept === 'string') return kept.slice(0, 10); // the day of a time
  return kept ?? (takes === 'span' ? { days: 30 } : undefined);
}
