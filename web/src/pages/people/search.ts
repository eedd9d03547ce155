// From what somebody typed to the keys a person has in each activation: people are asked for by the
// match key of any activation, or by the model's primary key.
import type { Schemas } from '../../api/client';

type Json = Record<string, unknown>;

export interface Asked {
  uid: string;
  name: string;
  destination: string;
  segment: string;
  keyField: string;
  keyType: string;
}

export interface Group {
  model: string;
  activations: Asked[];
}

const matchKey = (of: Json | undefined): Json | undefined => (of?.['match_key'] ?? undefined) as Json | undefined;

// The activations by the model that their segments are of.
export function groupsOf(
  activations: Schemas['Activation'][],
  segments: Schemas['Segment'][],
  destinations: Schemas['Destination'][],
): Group[] {
  const models = new Map(segments.map((one) => [one.name, one.model]));
  const defaults = new Map(destinations.map((one) => [one.name, (one as Json)['defaults'] as Json | undefined]));
  const groups = new Map<string, Asked[]>();
  for (const one of activations) {
    if (one.archived) continue;
    const model = models.get(one.segment);
    if (model === undefined) continue;
    const key = matchKey(one as Json) ?? matchKey(defaults.get(one.destination));
    groups.set(model, [
      ...(groups.get(model) ?? []),
      {
        uid: one.uid,
        name: one.name ?? one.segment,
        destination: one.destination,
        segment: one.segment,
        keyField: String(key?.['field'] ?? ''),
        keyType: String(key?.['type'] ?? 'email'),
      },
    ]);
  }
  return [...groups].map(([model, all]) => ({ model, activations: all.sort((a, b) => a.name.localeCompare(b.name)) }));
}

type Condition = { field: string; op: 'eq'; value: string | number; ignore_case?: true };

// The rule that finds them in the model, by every field that may be a key; nothing when no field can hold
// what was typed.
export function ruleFor(
  asked: string,
  fields: { name: string; type: string }[],
  keys: string[],
): { any: Condition[] } | undefined {
  const typed = asked.trim();
  const any = [...new Set(keys)].flatMap((name): Condition[] => {
    const type = fields.find((one) => one.name === name)?.type;
    if (type === 'text') return [{ field: name, op: 'eq', value: typed, ignore_case: true }];
    if (['integer', 'decimal', 'number'].includes(type ?? '') && /^-?\d{1,15}$/.test(typed))
      return [{ field: name, op: 'eq', value: Number(typed) }];
    return [];
  });
  return typed === '' || any.length === 0 ? undefined : { any };
}

// A key out of a row. A number that the page cannot hold exactly is none.
export function keyIn(row: Json | undefined, field: string): string | undefined {
  const value = row?.[field];
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

// Which rows are of one person: the same primary key. Typed keys may belong to several.
export function peopleIn(rows: Json[], primaryKey: string): Json[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = JSON.stringify(row[primaryKey] ?? row);
    return seen.has(key) ? false : seen.add(key);
  });
}
