// Two people changed one object. What each of them changed is told, and what only one of them changed can be brought together.

type Thing = Record<string, unknown>;

export interface Conflict {
  /** Keys that only I changed, only the other did, and both, to different values. */
  mine: string[];
  theirs: string[];
  both: string[];
}

/** Told with an object and no part of it. */
const told = new Set(['uid', 'warnings', 'archived', 'next_run_at']);

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => equal((a as Thing)[key], (b as Thing)[key]));
}

export function compare(base: Thing, mine: Thing, theirs: Thing): Conflict {
  const out: Conflict = { mine: [], theirs: [], both: [] };
  for (const key of new Set([base, mine, theirs].flatMap(Object.keys))) {
    if (told.has(key)) continue;
    const changedHere = !equal(base[key], mine[key]);
    const changedThere = !equal(base[key], theirs[key]);
    if (changedHere && changedThere && !equal(mine[key], theirs[key])) out.both.push(key);
    else if (changedHere && !changedThere) out.mine.push(key);
    else if (changedThere && !changedHere) out.theirs.push(key);
  }
  return out;
}

/** Both people's changes in one object; where both changed a key, mine. */
export function together(base: Thing, mine: Thing, theirs: Thing): Thing {
  const out: Thing = { ...theirs };
  const { mine: changed, both } = compare(base, mine, theirs);
  for (const key of [...changed, ...both]) {
    if (mine[key] === undefined) delete out[key];
    else out[key] = mine[key];
  }
  return out;
}
