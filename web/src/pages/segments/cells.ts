// A value of the data as text.
import { Exact } from '../../lib/exact-json';
import type { FieldType } from '../../rule/types';

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  if (value instanceof Exact || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? '(empty list)' : value.map(cellText).join(', ');
  return JSON.stringify(value, (_key, one: unknown) => (one instanceof Exact ? one.text : one));
}

// As a table shows it: times without the letters that programs put in.
export const cellOf = (value: unknown, type: FieldType): string =>
  type === 'timestamp' && typeof value === 'string' ? value.replace('T', ' ').replace(/(:00)?(\.0+)?Z?$/, '') : cellText(value);
