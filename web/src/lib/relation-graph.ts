// Models and their relations as a drawing: people at the one side, what belongs to them beside, step by step. The same
// models always give the same drawing.

export type RelationKind = 'has_many' | 'belongs_to' | 'many_to_many';

/** As in a catalog file. */
export interface Relation {
  name: string;
  kind: RelationKind;
  model: string;
  key: string;
  foreign_key: string;
  through?: string;
  through_key?: string;
  through_foreign_key?: string;
}
export interface ModelNode {
  name: string;
  type: 'users' | 'events' | 'custom';
  source: string;
  relations: Relation[];
}

export interface Box {
  model: string;
  type: ModelNode['type'];
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Line {
  from: string;
  to: string;
  /** Both ends' relations, as "model.relation". */
  relations: { model: string; relation: Relation }[];
  path: string;
  x: number; // of the label
  y: number;
}
export interface Drawing {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}

export const boxWidth = 168;
export const boxHeight = 52;
const gapAlong = 168; // between steps: the names of relations stand there
const gapAcross = 28; // between models of one step
const margin = 12;

function pairsOf(models: ModelNode[]) {
  const known = new Set(models.map((one) => one.name));
  const pairs = new Map<string, Line>();
  for (const model of models)
    for (const relation of model.relations) {
      if (!known.has(relation.model)) continue;
      const [from, to] = [model.name, relation.model].sort((a, b) => models.findIndex((one) => one.name === a) - models.findIndex((one) => one.name === b)) as [string, string];
      const key = JSON.stringify([from, to]);
      const line = pairs.get(key) ?? { from, to, relations: [], path: '', x: 0, y: 0 };
      line.relations.push({ model: model.name, relation });
      pairs.set(key, line);
    }
  return [...pairs.values()];
}

/** How many steps each model is away from people, by relations in either direction; those that nothing leads to begin anew. */
function stepsOf(models: ModelNode[], lines: Line[]): Map<string, number> {
  const steps = new Map<string, number>();
  const reach = (starts: string[]) => {
    let edge = starts.filter((name) => !steps.has(name));
    for (const name of edge) steps.set(name, 0);
    while (edge.length > 0) {
      const next: string[] = [];
      for (const name of edge)
        for (const { from, to } of lines) {
          const other = from === name ? to : to === name ? from : undefined;
          if (other === undefined || steps.has(other)) continue;
          steps.set(other, steps.get(name)! + 1);
          next.push(other);
        }
      edge = next;
    }
  };
  reach(models.filter((one) => one.type === 'users').map((one) => one.name));
  for (const model of models) reach([model.name]);
  return steps;
}

/** `upright`: steps go down instead of to the right, for narrow screens. */
export function draw(models: ModelNode[], upright = false): Drawing {
  const lines = pairsOf(models);
  const steps = stepsOf(models, lines);
  const columns: string[][] = [];
  for (const model of models) (columns[steps.get(model.name)!] ??= []).push(model.name);

  // Within a step each model stands near those of the step before that it belongs to.
  const place = new Map<string, number>();
  columns.forEach((column, step) => {
    const wish = new Map(
      column.map((name, i) => {
        const near = lines
          .filter((line) => line.from === name || line.to === name)
          .map((line) => (line.from === name ? line.to : line.from))
          .filter((other) => steps.get(other) === step - 1)
          .map((other) => place.get(other)!);
        return [name, near.length > 0 ? near.reduce((a, b) => a + b, 0) / near.length : i];
      }),
    );
    column.sort((a, b) => wish.get(a)! - wish.get(b)! || a.localeCompare(b));
    column.forEach((name, i) => place.set(name, i - (column.length - 1) / 2));
  });

  const most = Math.max(1, ...columns.map((column) => column.length));
  const along = upright ? boxHeight : boxWidth;
  const across = upright ? boxWidth : boxHeight;
  const middle = margin + (most * across + (most - 1) * gapAcross) / 2;
  const byName = new Map<string, Box>();
  for (const model of models) {
    const a = margin + steps.get(model.name)! * (along + (upright ? 64 : gapAlong));
    const b = middle + place.get(model.name)! * (across + gapAcross) - across / 2;
    byName.set(model.name, { model: model.name, type: model.type, x: upright ? b : a, y: upright ? a : b, width: boxWidth, height: boxHeight });
  }

  for (const line of lines) {
    const [a, b] = [byName.get(line.from)!, byName.get(line.to)!];
    const center = (box: Box) => [box.x + box.width / 2, box.y + box.height / 2] as const;
    if (a === b) {
      const [x, y] = [a.x + a.width - 30, a.y];
      line.path = `M ${x - 24} ${y} C ${x - 24} ${y - 30}, ${x + 24} ${y - 30}, ${x + 24} ${y}`;
      [line.x, line.y] = [x, y - 18];
      continue;
    }
    const sameStep = steps.get(line.from) === steps.get(line.to);
    let from: readonly [number, number], to: readonly [number, number], bend: string;
    if (sameStep === upright) {
      // Side by side: from edge to edge.
      const [left, right] = a.x <= b.x ? [a, b] : [b, a];
      from = [left.x + left.width, center(left)[1]];
      to = [right.x, center(right)[1]];
      const half = (from[0] + to[0]) / 2;
      bend = `${half} ${from[1]}, ${half} ${to[1]}`;
    } else {
      const [upper, lower] = a.y <= b.y ? [a, b] : [b, a];
      from = [center(upper)[0], upper.y + upper.height];
      to = [center(lower)[0], lower.y];
      const half = (from[1] + to[1]) / 2;
      bend = `${from[0]} ${half}, ${to[0]} ${half}`;
    }
    line.path = `M ${from[0]} ${from[1]} C ${bend}, ${to[0]} ${to[1]}`;
    [line.x, line.y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  }
  const boxes = models.map((one) => byName.get(one.name)!);
  return {
    boxes,
    lines,
    width: Math.max(...boxes.map((box) => box.x + box.width), 0) + margin,
    height: Math.max(...boxes.map((box) => box.y + box.height), 0) + margin,
  };
}

export const relationKindNames: Record<RelationKind, string> = {
  has_many: 'has many',
  belongs_to: 'belongs to one of',
  many_to_many: 'has many, through another',
};

/** "customers has many orders: customer_id = orders.customer_id" */
export function relationInWords(model: string, one: Relation): string {
  const keys =
    one.kind === 'many_to_many'
      ? `${one.key} = ${one.through}.${one.through_key}, ${one.through}.${one.through_foreign_key} = ${one.model}.${one.foreign_key}`
      : `${one.key} = ${one.model}.${one.foreign_key}`;
  return `${model} ${one.kind === 'belongs_to' ? 'belongs to one of' : 'has many'} ${one.model}: ${keys}`;
}

export interface WithColumns {
  name: string;
  primary_key?: string;
  columns: { name: string }[];
}

const singular = (word: string) => word.replace(/ies$/, 'y').replace(/(?<!s)s$/, '');
const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** How two models most likely belong together, from the names of their columns; nothing where nothing looks like it. */
export function guessRelation(from: WithColumns, to: WithColumns): Relation | undefined {
  const keyIn = (owner: WithColumns, other: WithColumns) => {
    const key = owner.primary_key;
    if (!key) return undefined;
    const wanted = [key, ...(bare(key) === 'id' || bare(key) === 'key' ? [`${singular(owner.name)}_${key}`, `${owner.name}_${key}`] : [])].map(bare);
    return other.columns.find((column) => column.name !== other.primary_key && wanted.includes(bare(column.name)))?.name;
  };
  const inOther = keyIn(from, to);
  if (inOther) return { name: to.name, kind: 'has_many', model: to.name, key: from.primary_key!, foreign_key: inOther };
  const here = keyIn(to, from);
  if (here) return { name: singular(to.name), kind: 'belongs_to', model: to.name, key: here, foreign_key: to.primary_key! };
  const shared = from.columns.find((column) => /(id|number|key|no)$/i.test(column.name) && to.columns.some((other) => bare(other.name) === bare(column.name)));
  if (!shared) return undefined;
  const foreign = to.columns.find((other) => bare(other.name) === bare(shared.name))!.name;
  const many = to.primary_key === undefined || bare(to.primary_key) !== bare(shared.name);
  return many
    ? { name: to.name, kind: 'has_many', model: to.name, key: shared.name, foreign_key: foreign }
    : { name: singular(to.name), kind: 'belongs_to', model: to.name, key: shared.name, foreign_key: foreign };
}

/** The same from the other end. */
export function inverse(model: string, one: Relation): Relation {
  if (one.kind === 'many_to_many')
    return {
      name: model, kind: 'many_to_many', model, key: one.foreign_key, foreign_key: one.key, through: one.through, through_key: one.through_foreign_key, through_foreign_key: one.through_key,
    };
  const kind = one.kind === 'has_many' ? 'belongs_to' : 'has_many';
  return { name: kind === 'belongs_to' ? singular(model) : model, kind, model, key: one.foreign_key, foreign_key: one.key };
}

/** What lacks before a relation can be saved. */
export function relationProblem(one: Relation, others: string[]): string | undefined {
  if (!one.name.trim()) return 'Give the relation a name.';
  if (others.includes(one.name.trim())) return `There is a relation ${one.name.trim()} already. Choose another name.`;
  if (!one.model) return 'Choose the other model.';
  if (!one.key || !one.foreign_key) return 'Choose the two fields that must be equal.';
  if (one.kind === 'many_to_many' && !(one.through && one.through_key && one.through_foreign_key)) return 'Choose the model in between and its two fields.';
  return undefined;
}
