import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { Exact, readJson, readLarge, writeJson } from '../lib/exact-json';
import { anyRule } from './samples';
import { copyOf, find, group, groupOf, nodeAt, pathTo, ruleOf } from './tree';
import type { Node, Rule } from './types';

// The rules of a text of YAML that keeps each in one line of flow style, as JSON.
function flowRules(text: string): Rule[] {
  const out: Rule[] = [];
  for (const [, flow] of text.matchAll(/^rule (\{.*\})$/gm)) {
    const json = (flow ?? '').replace(
      /"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z_^][^,:{}[\]]*(?=\s*[,:}\]])|\d{4}-\d{2}-\d{2}[^,\]}]*|[0-9a-f]*[a-f][0-9a-f]*(?=[,\]}])/g,
      (word) =>
        word.startsWith('"') ? word : word === 'true' || word === 'false' ? word : JSON.stringify(word.trim().replace(/^'|'$/g, '')),
    );
    out.push(readJson(json) as Rule);
  }
  return out;
}

// As the service keeps it: what is usual is not written.
function canonical(rule: Rule): Rule {
  const out: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(rule)) {
    const of = value as { op?: string; value?: unknown };
    if (key === 'count' && of.op === 'gte' && of.value === 1) continue;
    if (Array.isArray(value) && (key === 'all' || key === 'any' || key === 'none')) out[key] = (value as Rule[]).map(canonical);
    else out[key] = key === 'where' ? canonical(value as Rule) : value;
  }
  return out;
}

const roundTrip = (rule: Rule) => readJson(writeJson(ruleOf(groupOf(readJson(writeJson(rule)) as Rule))));

describe('a rule', () => {
  it('is written as it was read, whatever it is', () => {
    for (let seed = 1; seed <= 5000; ++seed) {
      const rule = anyRule(seed);
      expect(roundTrip(rule), `seed ${seed}: ${writeJson(rule)}`).toEqual(readJson(writeJson(rule)));
    }
  });

  it('of the cases that the compiler is held to is written as it was read', () => {
    const rules = flowRules(readFileSync(new URL('../../../tests/sql/cases.txt', import.meta.url), 'utf8'));
    expect(rules.length).toBeGreaterThan(100);
    for (const rule of rules) expect(roundTrip(rule), writeJson(rule)).toEqual(canonical(rule));
  });

  it('that is nothing is everyone', () => {
    expect(ruleOf(groupOf(undefined))).toEqual({ all: [] });
  });

  it('of one condition without a group stays so until a second comes', () => {
    const root = groupOf({ field: 'a', op: 'is_null' });
    expect(ruleOf(root)).toEqual({ field: 'a', op: 'is_null' });
    expect(ruleOf({ ...root, word: 'none' })).toEqual({ none: [{ field: 'a', op: 'is_null' }] });
    expect(ruleOf({ ...root, rules: [...root.rules, ...root.rules] })).toHaveProperty('all');
  });
});

describe('numbers', () => {
  it('stay what they were written as', () => {
    const text = '{"value":[9223372036854775807,1.0,1e2,1,-0,0.1]}';
    expect(writeJson(readJson(text))).toBe(text);
    expect((readJson('[1.0]') as unknown[])[0]).toEqual(new Exact('1.0'));
    expect(readJson('[1, 2.5]')).toEqual([1, 2.5]);
    // What is reckoned with stays a number, but where digits would be lost.
    expect(readLarge('[1.0, 1e3, 9007199254740993]')).toEqual([1, 1000, new Exact('9007199254740993')]);
    expect(JSON.stringify(readLarge('{"a":[-9007199254740993,2]}'))).toBe('{"a":[-9007199254740993,2]}');
  });
});

describe('the tree', () => {
  const leaf = groupOf({
    any: [
      { field: 'a', op: 'is_null' },
      { related: 'orders', where: { field: 'b', op: 'is_null' } },
    ],
  });

  it('finds its nodes and the way to them', () => {
    const related = leaf.rules[1] as Node;
    const inner = related.kind === 'related' ? (related.where.rules[0] as Node) : related;
    expect(find(leaf, inner.id)).toBe(inner);
    expect(pathTo(leaf, inner.id).map((one) => one.kind)).toEqual(['group', 'related', 'group', 'field']);
    expect(find(leaf, 'no such')).toBeUndefined();
  });

  it('copies with ids of its own', () => {
    const ids = (node: Node): string[] => [
      node.id,
      ...(node.kind === 'group' ? node.rules.flatMap(ids) : node.kind === 'related' ? ids(node.where) : []),
    ];
    const copy = copyOf(leaf);
    expect(ruleOf(copy)).toEqual(ruleOf(leaf));
    expect(ids(copy).filter((id) => ids(leaf).includes(id))).toEqual([]);
  });

  it('knows where a pointer of the service leads', () => {
    expect(nodeAt(leaf, '/where/any/0/value')).toBe(leaf.rules[0]);
    const related = leaf.rules[1] as Node;
    expect(nodeAt(leaf, '/where/any/1/where/field')).toBe(related.kind === 'related' ? related.where.rules[0] : undefined);
    expect(nodeAt(leaf, '/where/any/7')).toBe(leaf);
    const single = groupOf({ field: 'a', op: 'is_null' });
    expect(nodeAt(single, '/where/value')).toBe(single.rules[0]);
    expect(nodeAt(group('all'), '/where')).toMatchObject({ word: 'all' });
  });
});
