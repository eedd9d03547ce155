import { describe, expect, it } from 'vitest';

import { Exact } from '../lib/exact-json';
import { flawsOf } from './checks';
import { fitsType, keptValue, operatorsOf, scalarOf, valueFor } from './operators';
import { pasted } from './paste';
import { operators, segments, shop } from './samples';
import { templatesOf } from './templates';
import { fieldTest, group, groupOf, relatedTest, segmentTest } from './tree';
import type { ModelShape, Node, Rule } from './types';
import { copyName, segmentsIn, usesBySegment } from './uses';
import { sentence } from './words';

const known = { shape: shop, operators, segments };
const flaws = (...nodes: Node[]) => flawsOf(known, 'customers', group('all', nodes)).map((one) => `${one.part}: ${one.text}`);

describe('a value', () => {
  it('is read by the type', () => {
    expect(scalarOf('integer', '42')).toBe(42);
    expect(scalarOf('integer', 'x')).toBeUndefined();
    expect(scalarOf('integer', '9223372036854775807')).toEqual(new Exact('9223372036854775807'));
    expect(scalarOf('decimal', '0.1')).toBe(0.1);
    expect(scalarOf('decimal', '12345678901234567890.12')).toBe('12345678901234567890.12');
    expect(scalarOf('text', ' a ')).toBe(' a ');
    expect(fitsType('date', '2026-02-30')).toBe(false);
    expect(fitsType('timestamp', '2026-02-28T12:00:00Z')).toBe(true);
  });

  it('stays where it goes on being meant', () => {
    expect(keptValue('a', 'values', 'text')).toEqual(['a']);
    expect(keptValue(['a'], 'value', 'text')).toBe('a');
    expect(keptValue(['a', 'b'], 'value', 'text')).toBeUndefined();
    expect(keptValue('12', 'number', 'integer')).toBe(12);
    expect(keptValue('x', 'number', 'integer')).toBeUndefined();
    expect(keptValue(5, 'text', 'text')).toBe('5');
    expect(keptValue({ days: 3 }, 'span', 'date')).toEqual({ days: 3 });
    expect(keptValue({ days: 3 }, 'day', 'date')).toBeUndefined();
    expect(keptValue('2026-01-31', 'day', 'date')).toBe('2026-01-31');
    expect(keptValue('a', 'nothing', 'text')).toBeUndefined();
    expect(valueFor(operators, 'on', 'timestamp', '2026-01-31 09:30')).toBe('2026-01-31');
    expect(valueFor(operators, 'within_last', 'timestamp', '2026-01-31')).toEqual({ days: 30 });
  });
});

describe('operators', () => {
  it('of JSON are those of objects', () => {
    expect(operators.by_type.json).toBeUndefined();
    expect(operatorsOf(operators, 'json')).toEqual(operators.by_type.object);
    expect(operatorsOf(operators, 'json')).toContain('is_null');
  });
});

describe('checks', () => {
  it('find nothing in what is right', () => {
    expect(
      flaws(
        fieldTest('country', 'in', ['FR', 'DE']),
        fieldTest('lifetime_value', 'between', [1, 2.5]),
        fieldTest('birth_date', 'anniversary_within', { days: 14 }),
        fieldTest('joined_at', 'before', '2026-01-31 09:30'),
        fieldTest('tags', 'has_any', ['a']),
        relatedTest('orders', [fieldTest('total', 'gte', 5), relatedTest('items', [fieldTest('category', 'eq', 'Books')])], 'eq', 0),
        { ...relatedTest('orders', [], 'gte', 500), aggregate: 'sum', field: 'total' },
        segmentTest('Opted out', false),
      ),
    ).toEqual([]);
  });

  it('tell what is wrong at its place', () => {
    expect(flaws(fieldTest('', 'eq'))).toEqual(['field: Choose a field']);
    expect(flaws(fieldTest('gone', 'eq', 'a'))).toEqual(['field: customers has no field “gone”']);
    expect(flaws(fieldTest('age', 'contains', 'a'))[0]).toMatch(/^op/);
    expect(flaws(fieldTest('age', 'gte', 'a'))).toEqual(['value: A number, such as 12 or 1234.5']);
    expect(flaws(fieldTest('age', 'between', [5, 1]))[0]).toMatch(/nobody can match/);
    expect(flaws(fieldTest('joined_at', 'between', ['2026-02-01', '2026-01-01']))[0]).toMatch(/nobody can match/);
    // A day is the whole of it, and a time of day is one of the model's zone, wherever the browser is.
    expect(flaws(fieldTest('joined_at', 'between', ['2026-01-31 09:30', '2026-01-31']))).toEqual([]);
    expect(flaws(fieldTest('joined_at', 'between', ['2026-01-31', '2026-01-31 00:30']))).toEqual([]);
    expect(flaws(fieldTest('joined_at', 'between', ['2026-02-01 00:00', '2026-01-31']))[0]).toMatch(/nobody can match/);
    expect(flaws(fieldTest('birth_date', 'within_last', { hours: 3 }))[0]).toMatch(/no hours/);
    expect(flaws(fieldTest('birth_date', 'on', '2026-02-30'))[0]).toMatch(/A day/);
    expect(flaws(fieldTest('country', 'in', []))).toEqual(['value: Choose at least one value']);
    expect(flaws(relatedTest('friends'))).toEqual(['relation: customers has no relation “friends”']);
    expect(flaws(relatedTest('orders', [], 'gte', -1))[0]).toMatch(/whole number/);
    expect(flaws({ ...relatedTest('orders', [], 'gte', 1), aggregate: 'sum', field: 'ordered_at' })[0]).toMatch(/^of/);
    expect(flaws(relatedTest('orders', [fieldTest('country', 'eq', 'a')]))).toEqual(['field: orders has no field “country”']);
    expect(flaws(segmentTest('Large orders'))[0]).toMatch(/is of orders/);
    expect(flawsOf({ ...known, self: 'Opted out' }, 'customers', group('all', [segmentTest('Opted out')]))[0]?.text).toMatch(/itself/);
    const circle = [
      ...segments,
      { name: 'A', model: 'customers', where: { none: [{ in_segment: 'B' }] } },
      { name: 'B', model: 'customers', where: { in_segment: 'Me' } },
    ];
    const of = (name: string) => flawsOf({ ...known, segments: circle, self: 'Me' }, 'customers', group('all', [segmentTest(name)]));
    expect(of('A')[0]?.text).toMatch(/is itself made of “Me”/);
    expect(of('Opted out')).toEqual([]);
  });
});

describe('a pasted column', () => {
  it('becomes values', () => {
    expect(pasted('FR\r\nDE\r\n\r\nFR\n "a ""b""" \n', 'text')).toEqual({
      values: ['FR', 'DE', 'a "b"'],
      refused: [],
      doubles: 1,
      columns: 1,
    });
    expect(pasted('1, 2,x', 'integer')).toEqual({ values: [1, 2], refused: ['x'], doubles: 0, columns: 1 });
    expect(pasted('FR\t33\nDE\t49', 'text')).toEqual({ values: ['FR', 'DE'], refused: [], doubles: 0, columns: 2 });
    expect(pasted('New York, NY', 'text').values).toEqual(['New York', 'NY']);
    expect(pasted('one', 'text').values).toEqual(['one']);
  });
});

describe('a sentence', () => {
  const say = (rule: Rule) => sentence({ shape: shop, operators }, 'customers', groupOf(rule));

  it('says the rule in the names people know', () => {
    expect(say({ all: [] })).toBe('Everyone in customers');
    expect(say({ any: [] })).toBe('Nobody');
    expect(
      say({
        all: [
          { field: 'lifetime_value', op: 'gte', value: 500 },
          { related: 'orders', count: { op: 'eq', value: 0 }, where: { field: 'ordered_at', op: 'within_last', value: { days: 90 } } },
          { not_in_segment: 'Opted out' },
        ],
      }),
    ).toBe(
      'Everyone in customers of whom this holds: Lifetime value is at least 500, and has no orders where ordered_at is within the last 90 days, and is not in the segment “Opted out”.',
    );
    expect(
      say({
        none: [
          { field: 'country', op: 'in', value: ['FR', 'DE'] },
          { field: 'newsletter', op: 'is_false' },
        ],
      }),
    ).toBe('Everyone in customers of whom none of these: Country is any of “FR” or “DE”; newsletter is no.');
    expect(
      say({
        related: 'orders',
        sum: { field: 'total', op: 'gt', value: 10 },
        where: {
          any: [
            { field: 'total', op: 'lt', value: 1 },
            { field: 'ordered_at', op: 'on', value: '2026-01-31' },
          ],
        },
      }),
    ).toBe(
      'Everyone in customers of whom this holds: the total of Total of orders where (Total is less than 1, or ordered_at is on the day 31 Jan 2026) is more than 10.',
    );
  });
});

describe('templates', () => {
  it('are sound for the model they are made from', () => {
    const made = templatesOf(shop, shop.get('customers') as ModelShape, operators);
    expect(made.map((one) => one.key)).toEqual(['active', 'lapsed', 'frequent', 'spenders', 'new', 'birthday', 'consent', 'no-email']);
    for (const one of made) expect(flawsOf(known, 'customers', one.root), one.key).toEqual([]);
  });
});

describe('uses', () => {
  it('are found wherever a segment is named', () => {
    expect(
      segmentsIn({ all: [{ in_segment: 'A' }, { none: [{ not_in_segment: 'B' }] }, { related: 'o', where: { in_segment: 'C' } }] }),
    ).toEqual(['A', 'B', 'C']);
    const uses = usesBySegment(
      [
        { uid: 'a', segment: 'A', destination: 'D' },
        { uid: 'b', segment: 'A', destination: 'D', archived: true },
      ],
      [{ uid: 's', name: 'S', where: { in_segment: 'A' } }],
      [{ uid: 'd', name: 'D', exclusions: ['A'] }],
    );
    expect([uses.get('A')?.activations.length, uses.get('A')?.segments.length, uses.get('A')?.destinations.length]).toEqual([1, 1, 1]);
    expect(copyName('X', new Set(['Copy of X']))).toBe('Copy 2 of X');
    expect(copyName('Copy of X', new Set())).toBe('Copy of X');
  });
});
