import { expect, test } from 'vitest';
import { changesOf, logAsCsv, type LogLine, sentence, summary } from './log';

const line = (more: Partial<LogLine>): LogLine => ({
  number: 1,
  at: '2026-11-29T14:00:00Z',
  who: 'ada@example.com',
  action: 'changed',
  kind: 'segment',
  uid: 'u1',
  name: 'Lapsed VIPs',
  before: null,
  after: null,
  address: '127.0.0.1',
  ...more,
});

test('a line is a sentence', () => {
  expect(sentence(line({}))).toBe('changed segment “Lapsed VIPs”');
  expect(sentence(line({ action: 'applied', kind: 'catalog', name: '' }))).toBe('brought in a catalog file');
  expect(sentence(line({ action: 'tested', kind: 'alert', name: 'Pager' }))).toBe(
    'sent a test to alert channel “Pager”',
  );
  expect(sentence(line({ action: 'something new' }))).toBe('something new segment “Lapsed VIPs”');
});

test('its changes are told key by key, without the uid', () => {
  const changed = line({
    before: { name: 'VIPs', uid: 'u1', where: { all: [] } },
    after: { name: 'Lapsed VIPs', uid: 'u1', where: { all: [] }, tags: ['a'] },
  });
  expect(changesOf(changed).map((one) => one.path)).toEqual([['name'], ['tags']]);
  expect(summary(changed)).toBe('name, tags');
  expect(changesOf(line({ action: 'created', after: { uid: 'u1', name: 'x' } })).map((one) => one.kind)).toEqual([
    'added',
  ]);
  expect(changesOf(line({ action: 'removed', before: { uid: 'u1', name: 'x' } })).map((one) => one.kind)).toEqual([
    'removed',
  ]);
  expect(changesOf(line({ action: 'audit' }))).toEqual([]);
});

test('as a file it keeps what was there before and after', () => {
  expect(logAsCsv([line({ before: { a: 1 }, name: '=cmd' })]).split('\r\n')[1]).toBe(
    '2026-11-29T14:00:00Z,ada@example.com,changed,segment,\'=cmd,u1,127.0.0.1,"{""a"":1}",',
  );
});
