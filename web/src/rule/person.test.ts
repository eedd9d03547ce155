import { describe, expect, it } from 'vitest';

import { asked, onlyPerson, questionOf, verdictOf } from './person';
import { shop } from './samples';
import { groupOf } from './tree';
import type { ModelShape, Node } from './types';

const customers = shop.get('customers') as ModelShape;
const root = groupOf({
  all: [
    { field: 'country', op: 'eq', value: 'FR' },
    { none: [{ in_segment: 'Opted out' }, { related: 'orders', where: { field: 'total', op: 'lt', value: 1 } }] },
    {
      any: [
        { field: 'age', op: 'gt', value: 3 },
        { field: 'age', op: 'is_null' },
      ],
    },
  ],
});
const leaves = asked(root);
const say = (...held: boolean[]) => verdictOf(root, new Map(leaves.map((one: Node, i) => [one.id, held[i] === true])));

describe('a person', () => {
  it('is asked of every condition but those of related rows', () => {
    expect(leaves.map((one) => one.kind)).toEqual(['field', 'segment', 'related', 'field', 'field']);
    expect(questionOf(onlyPerson(customers, 'C1'), leaves[1] as Node)).toEqual({
      all: [{ field: 'customer_id', op: 'eq', value: 'C1' }, { in_segment: 'Opted out' }],
    });
  });

  it('matches as the words say', () => {
    expect(say(true, false, false, false, true).holds).toBe(true);
    expect(say(true, false, true, false, true).holds).toBe(false);
    expect(say(true, false, false, false, false).parts.map((one) => one.holds)).toEqual([true, true, false]);
    expect(verdictOf(groupOf({ any: [] }), new Map()).holds).toBe(false);
    expect(verdictOf(groupOf({ all: [] }), new Map()).holds).toBe(true);
  });
});
