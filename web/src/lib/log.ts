// The log of what was done, in sentences, and as a file.
import type { components } from '../api/schema';
import { csv } from './csv';
import { difference, type Json, type Line, placeInWords } from './difference';

export type LogLine = components['schemas']['LogLine'];

const DID: Record<string, string> = {
  created: 'made',
  changed: 'changed',
  removed: 'removed',
  archived: 'archived',
  redeemed: 'set their password by a link:',
  invited: 'invited',
  'changed password': 'changed their own password:',
  applied: 'brought in a catalog file',
  run: 'started a run of',
  approved: 'approved a plan of',
  stopped: 'stopped the run of',
  audit: 'audited',
  paused: 'paused',
  resumed: 'resumed',
  activated: 'activated',
  tested: 'sent a test to',
  signed_in: 'signed in:',
  brought: 'brought',
};

const KINDS: Record<string, string> = { alert: 'alert channel', catalog: '', demo: '' };

export const ACTIONS = [
  { value: 'created', label: 'Made' },
  { value: 'changed', label: 'Changed' },
  { value: 'removed', label: 'Removed' },
  { value: 'archived', label: 'Archived' },
  { value: 'applied', label: 'Catalog file brought in' },
  { value: 'brought', label: 'File brought' },
  { value: 'run', label: 'Run started' },
  { value: 'approved', label: 'Plan approved' },
  { value: 'stopped', label: 'Run stopped' },
  { value: 'audit', label: 'Audited' },
  { value: 'paused', label: 'Paused' },
  { value: 'resumed', label: 'Resumed' },
  { value: 'tested', label: 'Test sent' },
  { value: 'signed_in', label: 'Signed in by the provider' },
  { value: 'invited', label: 'Invited' },
  { value: 'redeemed', label: 'Password set by a link' },
  { value: 'changed password', label: 'Own password changed' },
];
export const LOG_KINDS = [
  'source',
  'model',
  'segment',
  'destination',
  'activation',
  'catalog',
  'user',
  'token',
  'alert',
  'file',
  'demo',
] as const;

export function sentence(line: LogLine): string {
  const kind = KINDS[line.kind] ?? line.kind;
  const what = [kind, line.name === '' ? '' : `“${line.name}”`].filter((one) => one !== '').join(' ');
  return `${DID[line.action] ?? line.action} ${what}`.trim();
}

// What a line changed. What was made or removed is told key by key, as if out of nothing.
export function changesOf(line: LogLine): Line[] {
  const before = (line.before ?? {}) as Json;
  const after = (line.after ?? {}) as Json;
  if (line.before === null && line.after === null) return [];
  if (line.after === null) return difference(before, {}).filter(tells);
  return difference(before, after).filter(tells);
}
const tells = (line: Line): boolean => !(line.path.length === 1 && line.path[0] === 'uid');

// The keys that changed, short enough for a row.
export function summary(line: LogLine): string {
  if (line.before === null || line.after === null) return '';
  const keys = [...new Set(changesOf(line).map((one) => placeInWords(one.path.slice(0, 1))))];
  return keys.length > 4 ? `${keys.slice(0, 4).join(', ')} and ${keys.length - 4} more` : keys.join(', ');
}

export const logAsCsv = (lines: LogLine[]): string =>
  csv(
    ['at', 'who', 'action', 'kind', 'name', 'uid', 'address', 'before', 'after'],
    lines.map((one) => [
      one.at,
      one.who,
      one.action,
      one.kind,
      one.name,
      one.uid,
      one.address,
      one.before === null ? '' : JSON.stringify(one.before),
      one.after === null ? '' : JSON.stringify(one.after),
    ]),
  );
