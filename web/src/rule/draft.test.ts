import { describe, expect, it } from 'vitest';

import { begin, edited, parentOf } from './draft';
import type { Change, Draft, Editing } from './draft';
import { chance } from './samples';
import { childrenOf, fieldTest, find, group, groupOf, relatedTest, ruleOf, segmentTest } from './tree';
import type { Group, Node } from './types';

const draft = (root: Group): Draft => ({ name: 'S', description: '', tags: [], model: 'customers', root });
const rule = (editing: Editing) => ruleOf(editing.present.root);
const f = (name: string) => fieldTest(name, 'is_null');
const j = (name: string) => ({ field: name, op: 'is_null' });

describe('editing', () => {
  const a = f('a');
  const b = f('b');
  const c = f('c');
  const inner = group('any', [b, c]);
  const start = begin(draft(group('all', [a, inner])));
  const after = (...changes: Change[]) => changes.reduce(edited, start);

  it('adds, replaces, copies and removes', () => {
    expect(rule(after({ type: 'add', to: inner.id, node: f('d'), at: 0 }))).toEqual({ all: [j('a'), { any: [j('d'), j('b'), j('c')] }] });
    expect(rule(after({ type: 'replace', node: { ...b, field: 'x' } }))).toEqual({ all: [j('a'), { any: [j('x'), j('c')] }] });
    expect(rule(after({ type: 'copy', id: a.id }))).toEqual({ all: [j('a'), j('a'), { any: [j('b'), j('c')] }] });
    expect(rule(after({ type: 'remove', id: inner.id }))).toEqual({ all: [j('a')] });
  });

  it('moves inside a group and out of it', () => {
    expect(rule(after({ type: 'move', id: c.id, by: -1 }))).toEqual({ all: [j('a'), { any: [j('c'), j('b')] }] });
    expect(after({ type: 'move', id: b.id, by: -1 })).toBe(start);
    expect(rule(after({ type: 'move_out', id: b.id }))).toEqual({ all: [j('a'), { any: [j('c')] }, j('b')] });
    expect(rule(after({ type: 'move_out', id: b.id }, { type: 'move_out', id: c.id }))).toEqual({ all: [j('a'), j('c'), j('b')] });
    expect(after({ type: 'move_out', id: a.id })).toBe(start);
  });

  it('wraps and unwraps, and changes a word', () => {
    const wrapped = after({ type: 'wrap', id: a.id, word: 'none' });
    expect(rule(wrapped)).toEqual({ all: [{ none: [j('a')] }, { any: [j('b'), j('c')] }] });
    expect(rule(after({ type: 'unwrap', id: inner.id }))).toEqual({ all: [j('a'), j('b'), j('c')] });
    expect(rule(after({ type: 'word', id: start.present.root.id, word: 'none' }))).toHaveProperty('none');
  });

  it('reaches into related conditions', () => {
    const related = relatedTest('orders', [a]);
    const one = begin(draft(group('all', [related])));
    const added = edited(one, { type: 'add', to: related.where.id, node: f('d') });
    expect(rule(added)).toEqual({ all: [{ related: 'orders', where: { all: [j('a'), j('d')] } }] });
    expect(parentOf(added.present.root, a.id)?.id).toBe(related.where.id);
  });

  it('undoes and redoes everything, and typing at once', () => {
    const typed = after(
      { type: 'describe', what: { name: 'T' }, typing: 'name' },
      { type: 'describe', what: { name: 'Tw' }, typing: 'name' },
      { type: 'remove', id: a.id },
    );
    expect(typed.past).toHaveLength(2);
    const back = edited(edited(typed, { type: 'undo' }), { type: 'undo' });
    expect(back.present).toEqual(start.present);
    expect(edited(back, { type: 'undo' })).toBe(back);
    const again = edited(edited(back, { type: 'redo' }), { type: 'redo' });
    expect(again.present).toEqual(typed.present);
    expect(edited(again, { type: 'redo' })).toBe(again);
  });

  it('empties the rule of another model, and gives it back', () => {
    const other = after({ type: 'model', model: 'orders' });
    expect(rule(other)).toEqual({ all: [] });
    expect(rule(edited(other, { type: 'undo' }))).toEqual(rule(start));
  });

  it('holds under any sequence of changes: undo of all of them is the beginning', () => {
    const all = (node: Node): Node[] => [node, ...childrenOf(node).flatMap(all)];
    for (let seed = 1; seed <= 200; ++seed) {
      const { below, one } = chance(seed);
      let editing = begin(draft(groupOf({ all: [j('a'), { any: [j('b'), { related: 'orders', where: j('c') }] }] })));
      const first = rule(editing);
      for (let step = 0; step < 30; ++step) {
        const nodes = all(editing.present.root);
        const groups = nodes.filter((node): node is Group => node.kind === 'group');
        const cards = groups.flatMap((node) => node.rules);
        const card = cards.length > 0 ? one(cards) : undefined;
        const id = card?.id ?? 'none';
        const change = one<Change>([
          { type: 'add', to: one(groups).id, node: one([f(`n${step}`), relatedTest('orders'), segmentTest('S')]), at: below(3) },
          { type: 'remove', id },
          { type: 'copy', id },
          { type: 'move', id, by: one([-1, 1]) },
          { type: 'move_out', id },
          { type: 'wrap', id, word: one(['all', 'any', 'none']) },
          { type: 'unwrap', id },
          { type: 'word', id: one(groups).id, word: one(['all', 'any', 'none']) },
        ]);
        editing = edited(editing, change);
        const ids = all(editing.present.root).map((node) => node.id);
        expect(new Set(ids).size, `seed ${seed}, ${change.type}`).toBe(ids.length);
      }
      const last = rule(editing);
      const steps = editing.past.length;
      for (let i = 0; i < steps; ++i) editing = edited(editing, { type: 'undo' });
      expect(rule(editing)).toEqual(first);
      for (let i = 0; i < steps; ++i) editing = edited(editing, { type: 'redo' });
      expect(rule(editing)).toEqual(last);
    }
    expect(find(group('all'), 'x')).toBeUndefined();
  });
});
