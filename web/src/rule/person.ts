// Which conditions of a rule hold for one person. The service is asked of each, with the rule held
// against this person alone; groups follow from their parts, and the whole is asked as well.
import type { ModelShape, Node, Rule, Scalar } from './types';
import { ruleOf } from './tree';

export interface Verdict {
  node: Node;
  holds: boolean;
  parts: Verdict[]; // of a group
}

export const onlyPerson = (model: ModelShape, key: Scalar): Rule => ({ field: model.primaryKey, op: 'eq', value: key });

// The conditions that are asked one by one: those of groups, not those of related rows.
export function asked(node: Node): Node[] {
  return node.kind === 'group' ? node.rules.flatMap(asked) : [node];
}

export const questionOf = (person: Rule, node: Node): Rule => ({ all: [person, ruleOf(node)] });

export function verdictOf(node: Node, holds: ReadonlyMap<string, boolean>): Verdict {
  if (node.kind !== 'group') return { node, holds: holds.get(node.id) === true, parts: [] };
  const parts = node.rules.map((one) => verdictOf(one, holds));
  const held = parts.filter((one) => one.holds).length;
  const all = node.word === 'all' ? held === parts.length : node.word === 'any' ? held > 0 : held === 0;
  return { node, holds: all, parts };
}
