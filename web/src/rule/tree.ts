// From a rule to the tree that is edited and back. What is read and not edited is written as it was.
import { Exact } from '../lib/exact-json';
import type { Aggregate, FieldTest, Group, Node, RelatedTest, Rule, SegmentTest, Span, Unit, Value, Word } from './types';

const WORDS: readonly Word[] = ['all', 'any', 'none'];
const AGGREGATES: readonly Aggregate[] = ['count', 'count_distinct', 'sum', 'avg', 'min', 'max'];
export const UNITS: readonly Unit[] = ['minutes', 'hours', 'days', 'weeks', 'months', 'years'];

let made = 0;
const fresh = () => `n${++made}`;

export const group = (word: Word, rules: readonly Node[] = []): Group => ({ id: fresh(), kind: 'group', word, rules });
const bare = (rules: readonly Node[]): Group => ({ ...group('all', rules), bare: true });
export const fieldTest = (field: string, op: string, value?: Value): FieldTest => ({
  id: fresh(),
  kind: 'field',
  field,
  op,
  value,
  ignoreCase: false,
});
export const relatedTest = (relation: string, rules: readonly Node[] = [], op = 'gte', value: Value = 1): RelatedTest => ({
  id: fresh(),
  kind: 'related',
  relation,
  aggregate: 'count',
  field: '',
  op,
  value,
  where: bare(rules),
});
export const segmentTest = (segment: string, member = true): SegmentTest => ({ id: fresh(), kind: 'segment', segment, member });

export function isSpan(value: unknown): value is Span {
  if (typeof value !== 'object' || value === null || value instanceof Exact || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && UNITS.includes(keys[0] as Unit);
}

function nodeOf(rule: Rule): Node {
  for (const word of WORDS) if (word in rule) return group(word, ((rule[word] as Rule[] | null) ?? []).map(nodeOf));
  if ('field' in rule)
    return {
      ...fieldTest(rule.field as string, rule.op as string, rule.value as Value | undefined),
      ignoreCase: rule.ignore_case === true,
    };
  if ('related' in rule) {
    const related = relatedTest(rule.related as string);
    const where = rule.where === undefined || rule.where === null ? related.where : groupOf(rule.where as Rule);
    const aggregate = AGGREGATES.find((one) => one in rule);
    if (!aggregate) return { ...related, where };
    const of = rule[aggregate] as { field?: string; op: string; value?: Value };
    return { ...related, aggregate, field: of.field ?? '', op: of.op, value: of.value, where };
  }
  const member = 'in_segment' in rule;
  return segmentTest((member ? rule.in_segment : rule.not_in_segment) as string, member);
}

// The same as a group, so that conditions can be added to whatever it is.
export function groupOf(rule: Rule | null | undefined): Group {
  if (!rule) return bare([]);
  const node = nodeOf(rule);
  return node.kind === 'group' ? node : bare([node]);
}

const isUsual = (test: RelatedTest) => test.aggregate === 'count' && test.op === 'gte' && (test.value === 1 || test.value === undefined);

export function ruleOf(node: Node): Rule {
  switch (node.kind) {
    case 'group': {
      const [first] = node.rules;
      if (node.bare && first && node.rules.length === 1 && node.word !== 'none') return ruleOf(first);
      return { [node.word]: node.rules.map(ruleOf) };
    }
    case 'field':
      return {
        field: node.field,
        op: node.op,
        ...(node.value !== undefined && { value: node.value }),
        ...(node.ignoreCase && { ignore_case: true }),
      };
    case 'related': {
      const of = {
        ...(node.field && { field: node.field }),
        op: node.op,
        ...(node.value !== undefined && { value: node.value }),
      };
      const anyRow = node.where.bare && node.where.rules.length === 0 && node.where.word !== 'none';
      return {
        related: node.relation,
        ...(!isUsual(node) && { [node.aggregate]: of }),
        ...(!anyRow && { where: ruleOf(node.where) }),
      };
    }
    case 'segment':
      return node.member ? { in_segment: node.segment } : { not_in_segment: node.segment };
  }
}

export const childrenOf = (node: Node): readonly Node[] =>
  node.kind === 'group' ? node.rules : node.kind === 'related' ? [node.where] : [];

export function find(root: Node, id: string): Node | undefined {
  if (root.id === id) return root;
  for (const child of childrenOf(root)) {
    const found = find(child, id);
    if (found) return found;
  }
  return undefined;
}

// The nodes from the root down to it, itself last; empty where it is not there.
export function pathTo(root: Node, id: string): Node[] {
  if (root.id === id) return [root];
  for (const child of childrenOf(root)) {
    const below = pathTo(child, id);
    if (below.length > 0) return [root, ...below];
  }
  return [];
}

export function count(node: Node): number {
  return (node.kind === 'group' ? 0 : 1) + childrenOf(node).reduce((sum, child) => sum + count(child), 0);
}

// A copy with ids of its own.
export function copyOf(node: Node): Node {
  if (node.kind === 'group') return { ...node, id: fresh(), rules: node.rules.map(copyOf) };
  if (node.kind === 'related') return { ...node, id: fresh(), where: copyOf(node.where) as Group };
  return { ...node, id: fresh() };
}

// Which node a JSON pointer of the API is in: "/where/all/0/count/value".
export function nodeAt(root: Group, pointer: string): Node {
  const parts = pointer.split('/').slice(1);
  if (parts[0] === 'where') parts.shift();
  let node: Node = root;
  const enterBare = () => {
    if (node.kind === 'group' && node.bare && node.rules.length === 1 && node.word !== 'none') node = node.rules[0] ?? node;
  };
  enterBare();
  for (let i = 0; i < parts.length; ++i) {
    const part = parts[i];
    if (node.kind === 'group' && part === node.word) {
      const child: Node | undefined = node.rules[Number(parts[i + 1])];
      if (!child) return node;
      node = child;
      ++i;
    } else if (node.kind === 'related' && part === 'where') {
      node = node.where;
      enterBare();
    } else {
      return node;
    }
  }
  return node;
}
