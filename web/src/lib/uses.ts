// What is made of an object: whoever removes it wants to know, and so does whoever asks why it may not be removed.

export type ObjectKind = 'source' | 'model' | 'segment' | 'destination' | 'activation';

type Some = { uid: string; name: string; [key: string]: unknown };
export interface Everything {
  sources: Some[];
  models: Some[];
  segments: Some[];
  destinations: Some[];
  activations: Some[];
}
export interface Use {
  kind: ObjectKind;
  uid: string;
  name: string;
  how: string; // "is made of it"
}

/** The segments that a rule names. */
export function segmentsIn(rule: unknown): string[] {
  if (typeof rule !== 'object' || rule === null) return [];
  const out: string[] = [];
  for (const [key, value] of Object.entries(rule)) {
    if ((key === 'in_segment' || key === 'not_in_segment') && typeof value === 'string') out.push(value);
    else if (Array.isArray(value)) out.push(...value.flatMap(segmentsIn));
    else out.push(...segmentsIn(value));
  }
  return out;
}

const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);

export function usesOf(kind: ObjectKind, name: string, all: Everything): Use[] {
  const out: Use[] = [];
  const add = (of: ObjectKind, one: Some, how: string) => {
    if (!out.some((use) => use.kind === of && use.uid === one.uid)) out.push({ kind: of, uid: one.uid, name: one.name, how });
  };
  if (kind === 'source') for (const one of all.models) if (one.source === name) add('model', one, 'is made of its data');
  if (kind === 'model') {
    for (const one of all.models)
      if (one.name !== name && list(one.relations).some((relation) => relation.model === name || relation.through === name)) add('model', one, 'has a relation to it');
    for (const one of all.segments) if (one.model === name) add('segment', one, 'is made of it');
    for (const one of all.destinations) if ((one.defaults as { model?: string } | undefined)?.model === name) add('destination', one, 'has default settings for it');
  }
  if (kind === 'segment') {
    for (const one of all.segments) if (one.name !== name && segmentsIn(one.where).includes(name)) add('segment', one, 'asks who is in it');
    for (const one of all.destinations) if ((one.exclusions as string[] | undefined)?.includes(name)) add('destination', one, 'excludes it');
    for (const one of all.activations) if (one.segment === name) add('activation', one, 'keeps its list');
  }
  if (kind === 'destination') for (const one of all.activations) if (one.destination === name) add('activation', one, 'keeps a list there');
  return out;
}
