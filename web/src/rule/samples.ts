// What the tests of this folder know: a shop, and rules drawn by chance.
import { Exact } from '../lib/exact-json';
import type { FieldType, ModelShape, Operators, Rule, Shape } from './types';

const ofNumbers = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between', 'in', 'not_in', 'is_null', 'is_not_null'];
const ofTimes = ['before', 'after', 'on', 'between', 'within_last', 'not_within_last', 'within_next', 'anniversary_within', 'is_null', 'is_not_null'];

export const operators: Operators = {
  all: [
    ...['eq', 'ne', 'has'].map((op) => ({ op, takes: 'value' as const, ignores_case: op !== 'has', phrase: op })),
    ...['gt', 'gte', 'lt', 'lte'].map((op) => ({ op, takes: 'number' as const, ignores_case: false, phrase: op })),
    { op: 'between', takes: 'range', ignores_case: false, phrase: 'between' },
    ...['in', 'not_in', 'has_any', 'has_all'].map((op) => ({
      op,
      takes: 'values' as const,
      ignores_case: !op.startsWith('has'),
      phrase: op,
    })),
    ...['contains', 'not_contains', 'starts_with', 'ends_with', 'matches'].map((op) => ({
      op,
      takes: 'text' as const,
      ignores_case: true,
      phrase: op,
    })),
    ...['is_null', 'is_not_null', 'is_blank', 'is_true', 'is_false', 'is_empty', 'is_not_empty'].map((op) => ({
      op,
      takes: 'nothing' as const,
      ignores_case: false,
      phrase: op,
    })),
    ...['before', 'after', 'on'].map((op) => ({ op, takes: 'day' as const, ignores_case: false, phrase: op })),
    ...['within_last', 'not_within_last', 'within_next', 'anniversary_within'].map((op) => ({
      op,
      takes: 'span' as const,
      ignores_case: false,
      phrase: op,
    })),
  ],
  by_type: {
    text: [
      'eq',
      'ne',
      'in',
      'not_in',
      'contains',
      'not_contains',
      'starts_with',
      'ends_with',
      'matches',
      'is_null',
      'is_not_null',
      'is_blank',
    ],
    integer: ofNumbers,
    number: ofNumbers,
    decimal: ofNumbers,
    date: ofTimes,
    timestamp: ofTimes,
    boolean: ['is_true', 'is_false', 'is_null', 'is_not_null'],
    list: ['has', 'has_any', 'has_all', 'is_empty', 'is_not_empty', 'is_null', 'is_not_null'],
    object: ['is_null', 'is_not_null'],
  },
  of_counts: ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between', 'in', 'not_in'],
};

const fields = (all: [string, FieldType, string?][]) => all.map(([name, type, label]) => ({ name, type, label: label ?? name }));

const customers: ModelShape = {
  uid: 'm1',
  name: 'customers',
  tz: 'UTC',
  primaryKey: 'customer_id',
  relations: [
    { name: 'orders', kind: 'has_many', model: 'orders' },
    { name: 'address', kind: 'belongs_to', model: 'addresses' },
  ],
  fields: fields([
    ['customer_id', 'text'],
    ['email', 'text', 'E-mail'],
    ['country', 'text', 'Country'],
    ['lifetime_value', 'decimal', 'Lifetime value'],
    ['age', 'integer'],
    ['newsletter', 'boolean'],
    ['birth_date', 'date', 'Birthday'],
    ['joined_at', 'timestamp'],
    ['tags', 'list'],
  ]),
};
const orders: ModelShape = {
  uid: 'm2',
  name: 'orders',
  tz: 'UTC',
  primaryKey: 'order_id',
  relations: [
    { name: 'items', kind: 'many_to_many', model: 'items' },
    { name: 'customer', kind: 'belongs_to', model: 'customers' },
  ],
  fields: fields([
    ['order_id', 'integer'],
    ['ordered_at', 'timestamp'],
    ['total', 'decimal', 'Total'],
  ]),
};
const items: ModelShape = {
  uid: 'm3',
  name: 'items',
  tz: 'UTC',
  primaryKey: 'sku',
  relations: [],
  fields: fields([
    ['sku', 'text'],
    ['category', 'text', 'Category'],
  ]),
};
const addresses: ModelShape = { ...items, uid: 'm4', name: 'addresses', fields: fields([['city', 'text']]) };

export const shop: Shape = new Map([customers, orders, items, addresses].map((one) => [one.name, one]));
export const segments = [
  { name: 'Opted out', model: 'customers' },
  { name: 'Large orders', model: 'orders' },
];

// A sequence that a seed fixes.
export function chance(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { below, one };
}

const TEXTS = [
  '',
  'Paris',
  "L'Aquila'); DROP TABLE x;--",
  '<script>alert(1)</script>',
  'שלום עולם',
  'a\tb\nc',
  '1',
  'true',
  '2026-01-31',
  '“quoted”',
];
const NUMBERS = [0, 1, -1, 0.1, 12.5, 1e21, new Exact('9223372036854775807'), new Exact('1.0'), new Exact('1e2')];
const UNITS = ['minutes', 'hours', 'days', 'weeks', 'months', 'years'];

// Any rule that the language has a form for, whether or not a model has its fields.
export function anyRule(seed: number, depth = 4): Rule {
  const { below, one } = chance(seed);
  const scalar = (): unknown => one<() => unknown>([() => one(TEXTS), () => one(NUMBERS), () => below(2) === 1])();
  const many = (least: number, most: number) => Array.from({ length: least + below(most - least + 1) }, scalar);
  const operand = (op: string): unknown => {
    switch (operators.all.find((each) => each.op === op)?.takes) {
      case 'nothing':
        return undefined;
      case 'values':
        return many(1, 4);
      case 'range':
        return many(2, 2);
      case 'text':
        return one(TEXTS);
      case 'day':
        return below(4) === 0 ? { [one(UNITS)]: below(99) } : one(['2026-01-31', '2026-01-31 09:30', '2026-01-31T09:30:15.250+02:00']);
      case 'span':
        return { [one(UNITS)]: below(400) };
      default:
        return scalar();
    }
  };
  const compared = (ops: readonly string[]) => {
    const op = one(ops);
    const value = operand(op);
    return { op, ...(value !== undefined && { value }) };
  };
  const every = operators.all.map((each) => each.op);
  const draw = (left: number): Rule => {
    switch (below(left > 0 ? 6 : 3)) {
      case 0:
      case 1:
        return {
          field: one(['country', 'age', 'שם', '<b>', 'x'.repeat(200)]),
          ...compared(every),
          ...(below(4) === 0 && { ignore_case: true }),
        };
      case 2:
        return { [one(['in_segment', 'not_in_segment'])]: one(['Opted out', '<script>']) };
      case 3: {
        const aggregate = one(['count', 'count_distinct', 'sum', 'avg', 'min', 'max', '']);
        const of = {
          ...(aggregate !== 'count' && { field: 'total' }),
          ...compared(aggregate.startsWith('count') ? operators.of_counts : every),
        };
        return {
          related: one(['orders', 'items']),
          ...(aggregate && !(aggregate === 'count' && of.op === 'gte' && of.value === 1) && { [aggregate]: of }),
          ...(below(3) > 0 && { where: draw(left - 1) }),
        };
      }
      default:
        return { [one(['all', 'any', 'none'])]: Array.from({ length: below(4) }, () => draw(left - 1)) };
    }
  };
  return draw(depth);
}
