// What is being made: a segment under construction, with its past and its future. Nothing is lost by
// a change: whatever it was can be had again by undo.
import { childrenOf, copyOf, find, group, pathTo } from './tree';
import type { Group, Node, Word } from './types';

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly model: string;
  readonly root: Group;
}

export interface Editing {
  readonly past: readonly Draft[];
  readonly present: Draft;
  readonly future: readonly Draft[];
  // What the last change was typing into: more of it is the same change.
  readonly typing?: string | undefined;
}

export type Change =
  | { type: 'describe'; what: Partial<Pick<Draft, 'name' | 'description' | 'tags'>>; typing?: string }
  | { type: 'take'; draft: Draft }
  | { type: 'model'; model: string }
  | { type: 'template'; name: string; root: Group }
  | { type: 'replace'; node: Node; typing?: string }
  | { type: 'add'; to: string; node: Node; at?: number }
  | { type: 'remove'; id: string }
  | { type: 'copy'; id: string }
  | { type: 'move'; id: string; by: -1 | 1 }
  | { type: 'move_out'; id: string }
  | { type: 'wrap'; id: string; word: Word }
  | { type: 'unwrap'; id: string }
  | { type: 'word'; id: string; word: Word }
  | { type: 'undo' }
  | { type: 'redo' };

const STEPS_KEPT = 200;

export const begin = (draft: Draft): Editing => ({ past: [], present: draft, future: [] });

// The tree with the node of that id replaced by what `change` makes of it.
function at(root: Group, id: string, change: (node: Node) => readonly Node[]): Group {
  const rewrite = (node: Node): Node => {
    const children = childrenOf(node);
    const here = children.some((child) => child.id === id);
    const below = here ? children.flatMap((child) => (child.id === id ? change(child) : [child])) : children.map(rewrite);
    if (below.length === children.length && below.every((child, i) => child === children[i])) return node;
    if (node.kind === 'group') return { ...node, rules: below };
    if (node.kind === 'related') return { ...node, where: below[0] as Group };
    return node;
  };
  return rewrite(root) as Group;
}

const replaced = (root: Group, node: Node): Group => (root.id === node.id ? (node as Group) : at(root, node.id, () => [node]));

function inserted(list: readonly Node[], node: Node, index: number): Node[] {
  return [...list.slice(0, index), node, ...list.slice(index)];
}

// The group that a node stands in, where it stands in one.
export function parentOf(root: Group, id: string): Group | undefined {
  const path = pathTo(root, id);
  const parent = path[path.length - 2];
  return parent?.kind === 'group' ? parent : undefined;
}

function moved(root: Group, id: string, by: -1 | 1): Group {
  const parent = parentOf(root, id);
  const from = parent?.rules.findIndex((one) => one.id === id) ?? -1;
  const node = parent?.rules[from];
  if (!parent || !node) return root;
  const to = from + by;
  if (to < 0 || to >= parent.rules.length) return root;
  const rest = parent.rules.filter((one) => one.id !== id);
  return replaced(root, { ...parent, rules: inserted(rest, node, to) });
}

// Out of its group, behind it.
function movedOut(root: Group, id: string): Group {
  const parent = parentOf(root, id);
  const outer = parent && parentOf(root, parent.id);
  const node = parent?.rules.find((one) => one.id === id);
  if (!parent || !outer || !node) return root;
  const left = { ...parent, rules: parent.rules.filter((one) => one.id !== id) };
  return at(root, parent.id, () => (left.rules.length > 0 ? [left, node] : [node]));
}

function rootAfter(root: Group, change: Change): Group {
  switch (change.type) {
    case 'replace':
      return replaced(root, change.node);
    case 'add': {
      const to = find(root, change.to);
      if (to?.kind !== 'group') return root;
      return replaced(root, { ...to, rules: inserted(to.rules, change.node, change.at ?? to.rules.length) });
    }
    case 'remove':
      return at(root, change.id, () => []);
    case 'copy':
      return at(root, change.id, (node) => [node, copyOf(node)]);
    case 'move':
      return moved(root, change.id, change.by);
    case 'move_out':
      return movedOut(root, change.id);
    case 'wrap':
      return at(root, change.id, (node) => [group(change.word, [node])]);
    case 'unwrap':
      return at(root, change.id, (node) => (node.kind === 'group' ? node.rules : [node]));
    case 'word': {
      const node = find(root, change.id);
      return node?.kind === 'group' ? replaced(root, { ...node, word: change.word }) : root;
    }
    default:
      return root;
  }
}

function after(draft: Draft, change: Change): Draft {
  switch (change.type) {
    case 'describe':
      return { ...draft, ...change.what };
    case 'take':
      return change.draft;
    case 'template':
      return { ...draft, root: change.root, name: draft.name.trim() === '' ? change.name : draft.name };
    case 'model':
      return change.model === draft.model ? draft : { ...draft, model: change.model, root: group('all') };
    default: {
      const root = rootAfter(draft.root, change);
      return root === draft.root ? draft : { ...draft, root };
    }
  }
}

export function edited(editing: Editing, change: Change): Editing {
  const { past, present, future } = editing;
  if (change.type === 'undo') {
    const before = past[past.length - 1];
    return before ? { past: past.slice(0, -1), present: before, future: [present, ...future] } : editing;
  }
  if (change.type === 'redo') {
    const [next, ...later] = future;
    return next ? { past: [...past, present], present: next, future: later } : editing;
  }
  const next = after(present, change);
  if (next === present) return editing;
  const typing = 'typing' in change ? change.typing : undefined;
  const goesOn = typing !== undefined && typing === editing.typing;
  return { past: goesOn ? past : [...past, present].slice(-STEPS_KEPT), present: next, future: [], typing };
}
