// What changed from one JSON value to another, as lines that people can read. Lists of things that have a
// name are compared by name, lists of plain values as sets that kept their order, others place by place.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Line {
  path: string[];
  kind: 'added' | 'removed' | 'changed';
  before?: Json;
  after?: Json;
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => same(one, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return false;
};

// What the things of a list are known by: a key that all of them have, and no two the same.
function names(...all: Json[][]): ((one: Json) => string) | undefined {
  const key = ['name', 'field', 'to'].find((key) =>
    all.every((list) => {
      const texts = list.map((one) => (isObject(one) ? one[key] : undefined));
      return texts.every((text) => typeof text === 'string') && new Set(texts).size === texts.length;
    }),
  );
  return key === undefined ? undefined : (one) => String((one as { [key: string]: Json })[key]);
}

function lists(path: string[], before: Json[], after: Json[]): Line[] {
  const name = names(before, after);
  if (name && before.length + after.length > 0) {
    const old = new Map(before.map((one) => [name(one), one]));
    const now = new Map(after.map((one) => [name(one), one]));
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) =>
      values([...path, key], old.get(key), now.get(key)),
    );
  }
  if ([...before, ...after].every((one) => typeof one !== 'object' || one === null))
    return [
      ...before.filter((one) => !after.includes(one)).map((one): Line => ({ path, kind: 'removed', before: one })),
      ...after.filter((one) => !before.includes(one)).map((one): Line => ({ path, kind: 'added', after: one })),
    ];
  let from = 0;
  while (from < Math.min(before.length, after.length) && same(before[from], after[from])) from++;
  let end = 0;
  while (
    end < Math.min(before.length, after.length) - from &&
    same(before[before.length - 1 - end], after[after.length - 1 - end])
  )
    end++;
  const old = before.slice(from, before.length - end);
  const now = after.slice(from, after.length - end);
  return Array.from({ length: Math.max(old.length, now.length) }).flatMap((_, i) =>
    values([...path, String(from + i + 1)], old[i], now[i]),
  );
}

function values(path: string[], before: Json | undefined, after: Json | undefined): Line[] {
  if (same(before, after)) return [];
  if (before === undefined) return [{ path, kind: 'added', after: after as Json }];
  if (after === undefined) return [{ path, kind: 'removed', before }];
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      values([...path, key], before[key], after[key]),
    );
  if (Array.isArray(before) && Array.isArray(after)) return lists(path, before, after);
  return [{ path, kind: 'changed', before, after }];
}

export const difference = (before: Json, after: Json): Line[] => values([], before, after);

// A value as it is read at a glance: texts without quotes, lists with commas, objects as `key: value`.
export function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inner).join(', ');
  if (isObject(value))
    return Object.entries(value)
      .map(([key, one]) => `${key}: ${inner(one)}`)
      .join(', ');
  return value === '' ? 'empty' : String(value);
}
const inner = (value: Json): string =>
  isObject(value) ? `{${shown(value)}}` : Array.isArray(value) ? `[${shown(value)}]` : shown(value);

const KEYS: Record<string, string> = {
  uid: 'uid',
  has_password: 'has a password',
  match_key: 'match key',
  primary_key: 'primary key',
};
export const placeInWords = (path: string[]): string =>
  path.map((part) => KEYS[part] ?? part.replaceAll('_', ' ')).join(' › ');
