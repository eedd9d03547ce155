// What a catalog file changes, in words.
import type { components } from '../api/schema';

export type Applied = components['schemas']['Applied'];
type Change = Applied['changes'][number];

const WORDS: Record<Change['what'], { done: string; would: string; tone: 'good' | 'changed' | 'lost' | 'quiet' }> = {
  created: { done: 'Made', would: 'Is made', tone: 'good' },
  changed: { done: 'Changed', would: 'Changes', tone: 'changed' },
  renamed: { done: 'Renamed', would: 'Is renamed', tone: 'changed' },
  resumed: { done: 'Taken up again', would: 'Is taken up again', tone: 'changed' },
  removed: { done: 'Removed', would: 'Is removed', tone: 'lost' },
  archived: { done: 'Archived', would: 'Is archived', tone: 'lost' },
  not_in_file: { done: 'Not in the file: stayed', would: 'Not in the file: stays', tone: 'quiet' },
  unchanged: { done: 'The same', would: 'The same', tone: 'quiet' },
};

export const whatBecomes = (change: Change, dryRun: boolean) => ({
  text: WORDS[change.what][dryRun ? 'would' : 'done'],
  tone: WORDS[change.what].tone,
});

// What the file makes different; what stays as it is comes apart.
export function split(applied: Applied): { different: Change[]; same: Change[] } {
  const quiet = (one: Change) => WORDS[one.what].tone === 'quiet';
  const rank = (one: Change) => ['lost', 'changed', 'good', 'quiet'].indexOf(WORDS[one.what].tone);
  return {
    different: applied.changes.filter((one) => !quiet(one)).sort((a, b) => rank(a) - rank(b)),
    same: applied.changes.filter(quiet),
  };
}

export function consequence(applied: Applied): string {
  const count = (...whats: Change['what'][]) => applied.changes.filter((one) => whats.includes(one.what)).length;
  const parts = [
    [count('created'), 'made'],
    [count('changed', 'renamed', 'resumed'), 'changed'],
    [count('removed'), 'removed'],
    [count('archived'), 'archived'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${n === 1 ? 'object is' : 'objects are'} ${word}`);
  return said.length === 0 ? 'The file says what is there already: nothing changes.' : `${said.join(', ')}.`;
}
