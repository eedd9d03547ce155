import { expect, test } from 'vitest';
import { difference, placeInWords, shown } from './difference';

const told = (before: never, after: never) =>
  difference(before, after).map(
    (one) => `${one.kind} ${placeInWords(one.path)}: ${shown(one.before)} → ${shown(one.after)}`,
  );
const tell = (before: unknown, after: unknown) => told(before as never, after as never);

test('what is the same is not told, whatever the order of keys', () => {
  expect(tell({ a: 1, b: [{ name: 'x' }] }, { b: [{ name: 'x' }], a: 1 })).toEqual([]);
});

test('keys that came, went and changed', () => {
  expect(
    tell(
      { name: 'VIPs', tags: ['a', 'b'], paused: false },
      { name: 'VIPs', tags: ['b', 'c'], description: 'New', paused: true },
    ),
  ).toEqual([
    'removed tags: a → nothing',
    'added tags: nothing → c',
    'changed paused: no → yes',
    'added description: nothing → New',
  ]);
});

test('things with a name are compared by it, wherever they stand', () => {
  const before = { fields: [{ name: 'email' }, { name: 'ltv', type: 'number' }] };
  const after = { fields: [{ name: 'ltv', type: 'decimal' }, { name: 'email' }, { name: 'city' }] };
  expect(tell(before, after)).toEqual([
    'changed fields › ltv › type: number → decimal',
    'added fields › city: nothing → name: city',
  ]);
});

test('conditions of a rule are compared place by place, without what is the same around them', () => {
  const rule = (value: number) => ({
    where: {
      all: [{ not_in_segment: 'Out' }, { related: 'orders', count: { op: 'gte', value } }, { not_in_segment: 'Gone' }],
    },
  });
  expect(tell(rule(2), rule(3))).toEqual(['changed where › all › 2 › count › value: 2 → 3']);
  expect(tell({ all: [{ any: [1] }, { any: [2] }] }, { all: [{ any: [2] }] })).toEqual([
    'removed all › 1: any: [1] → nothing',
  ]);
});

test('a whole that came or went is one line', () => {
  expect(tell(null, { a: 1 })).toEqual(['changed : nothing → a: 1']);
  expect(shown({ field: 'city', value: ['Köln', ''], nested: { op: 'eq' } })).toBe(
    'field: city, value: [Köln, empty], nested: {op: eq}',
  );
});
