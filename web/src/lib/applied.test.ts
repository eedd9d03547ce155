import { expect, test } from 'vitest';
import { type Applied, consequence, split, whatBecomes } from './applied';

const applied = (...whats: Applied['changes'][number]['what'][]): Applied => ({
  dry_run: true,
  changes: whats.map((what, i) => ({ what, kind: 'segment', name: `s${i}` })),
  counts: {},
  types: [],
  warnings: [],
});

test('what is lost comes first, what stays comes apart', () => {
  const { different, same } = split(applied('created', 'unchanged', 'archived', 'changed', 'not_in_file'));
  expect(different.map((one) => one.what)).toEqual(['archived', 'changed', 'created']);
  expect(same.map((one) => one.what)).toEqual(['unchanged', 'not_in_file']);
});

test('a dry run says what would be, an import what is', () => {
  const [change] = applied('archived').changes;
  expect(whatBecomes(change!, true)).toEqual({ text: 'Is archived', tone: 'lost' });
  expect(whatBecomes(change!, false).text).toBe('Archived');
});

test('the consequence in a sentence', () => {
  expect(consequence(applied('created', 'created', 'renamed', 'removed'))).toBe('2 objects are made, 1 object is changed, 1 object is removed.');
  expect(consequence(applied('unchanged'))).toContain('nothing changes');
});
