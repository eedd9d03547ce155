// Which segments a rule is made of, and which rules, activations and destinations use a segment.
import type { Rule } from './types';

export function segmentsIn(rule: Rule | undefined | null): string[] {
  if (!rule) return [];
  const out: string[] = [];
  for (const [key, value] of Object.entries(rule)) {
    if ((key === 'in_segment' || key === 'not_in_segment') && typeof value === 'string') out.push(value);
    else if (Array.isArray(value)) for (const one of value) if (typeof one === 'object') out.push(...segmentsIn(one as Rule));
    if (key === 'where') out.push(...segmentsIn(value as Rule));
  }
  return [...new Set(out)];
}

interface SegmentLike {
  uid: string;
  name: string;
  where?: unknown;
}
interface ActivationLike {
  uid: string;
  segment: string;
  destination: string;
  name?: string;
  archived?: boolean;
}
interface DestinationLike {
  uid: string;
  name: string;
  exclusions?: unknown;
}

export interface Uses<A, S, D> {
  activations: A[];
  segments: S[];
  destinations: D[];
}

export function usesBySegment<A extends ActivationLike, S extends SegmentLike, D extends DestinationLike>(
  activations: readonly A[],
  segments: readonly S[],
  destinations: readonly D[],
): Map<string, Uses<A, S, D>> {
  const out = new Map<string, Uses<A, S, D>>();
  const of = (name: string) => {
    const known = out.get(name) ?? { activations: [], segments: [], destinations: [] };
    out.set(name, known);
    return known;
  };
  for (const one of activations) if (!one.archived) of(one.segment).activations.push(one);
  for (const one of segments) for (const name of segmentsIn(one.where as Rule | undefined)) of(name).segments.push(one);
  for (const one of destinations)
    if (Array.isArray(one.exclusions)) for (const name of one.exclusions) if (typeof name === 'string') of(name).destinations.push(one);
  return out;
}

// "Copy of X", "Copy 2 of X": a name that is free.
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/^Copy( [0-9]+)? of /, '');
  for (let n = 1; ; ++n) {
    const made = n === 1 ? `Copy of ${base}` : `Copy ${n} of ${base}`;
    if (!taken.has(made)) return made;
  }
}
