import { describe, expect, it } from 'vitest';

import {
  aggregatesOf, blank, type Computed, type ComputedKind, computedKinds, inFormula, inserted, inWords, kindOf, likelyType, problemOf, scalarOf, suggestedName, tidied,
} from './computed';

const relations = [
  { name: 'orders', kind: 'has_many' as const, model: 'orders' },
  { name: 'address', kind: 'belongs_to' as const, model: 'addresses' },
];
const examples: [ComputedKind, Computed][] = [
  ['count', { name: 'order_count', aggregate: 'count', relation: 'orders' }],
  ['total', { name: 'spent', aggregate: 'sum', relation: 'orders', field: 'total', where: { field: 'ordered_at', op: 'within_last', value: { days: 365 } } }],
  ['formula', { name: 'full_name', formula: "first_name || ' ' || last_name" }],
  ['cases', { name: 'tier', cases: [{ when: { field: 'ltv', op: 'gte', value: 1000 }, then: 'gold' }, { then: 'silver' }] }],
  ['related', { name: 'home_city', related: 'address', field: 'city' }],
];

describe('computed fields', () => {
  it('are of five kinds, each known again', () => {
    expect(computedKinds.map((one) => one.kind)).toEqual(examples.map(([kind]) => kind));
    for (const [kind, one] of examples) {
      expect(kindOf(one)).toBe(kind);
      expect(kindOf(blank(kind))).toBe(kind);
      expect(problemOf(one, relations, ['email'])).toBeUndefined();
      expect(tidied(one)).toEqual(one);
    }
  });

  it('that are not whole say what lacks', () => {
    for (const { kind } of computedKinds) expect(problemOf(blank(kind, 'x'), relations, [])).toBeTruthy();
    expect(problemOf(examples[0]![1], relations, ['order_count'])).toContain('a field already');
    expect(problemOf({ name: 'x', related: 'orders', field: 'total' }, relations, [])).toContain('many rows');
    expect(problemOf({ name: 'x', cases: [{ then: 'a' }, { then: 'b' }] }, relations, [])).toContain('never be reached');
    expect(problemOf({ name: 'x', cases: [{ when: { all: [] }, then: 'a' }, { then: 1 }] }, relations, [])).toContain('all numbers');
  });

  it('are sent without what is empty', () => {
    expect(tidied({ name: ' n ', label: ' ', aggregate: 'count', relation: 'orders', field: 'x', where: { all: [] } })).toEqual({ name: 'n', aggregate: 'count', relation: 'orders' });
  });

  it('say what they are', () => {
    expect(examples.map(([, one]) => inWords(one))).toEqual(
      ['Number of orders', 'Sum of total of orders that meet conditions', "first_name || ' ' || last_name", 'gold, silver', 'city of address']);
  });

  it('offer what a type has a meaning for', () => {
    expect(aggregatesOf('decimal')).toContain('sum');
    expect(aggregatesOf('date')).not.toContain('sum');
    expect(aggregatesOf('object')).toEqual(['count_distinct']);
    const typeOf = () => 'decimal' as const;
    expect(examples.map(([, one]) => likelyType(one, typeOf))).toEqual(['integer', 'decimal', 'text', 'text', 'decimal']);
  });

  it('get a name from what they are, and never one that is taken', () => {
    expect(examples.map(([, one]) => suggestedName(one, []))).toEqual(['order_count', 'orders_total', '', '', 'city']);
    expect(suggestedName(examples[4]![1], ['city', 'city_2'])).toBe('city_3');
    expect(suggestedName({ name: '', aggregate: 'max', relation: 'orders', field: 'ordered_at' }, [])).toBe('last_ordered_at');
  });
});

describe('formulas', () => {
  it('name fields so that they are read again', () => {
    expect(['email', 'Größe', 'first name', 'and', 'a"b', '1st'].map(inFormula)).toEqual(['email', 'Größe', '"first name"', '"and"', '"a""b"', '"1st"']);
  });

  it('take in a part at the cursor', () => {
    expect(inserted('', 0, 0, 'email')).toEqual({ text: 'email', at: 5 });
    expect(inserted('a||b', 3, 4, 'c')).toEqual({ text: 'a||c', at: 4 });
    expect(inserted('ab', 1, 1, 'x')).toEqual({ text: 'a x b', at: 3 });
  });

  it('have labels of one kind', () => {
    expect([scalarOf('1.5', 'number'), scalarOf('', 'number'), scalarOf('1', 'text'), scalarOf('true', 'boolean')]).toEqual([1.5, '', '1', true]);
  });
});
