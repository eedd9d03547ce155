import { describe, expect, it } from 'vitest';

import { bodyOf, inOrder, inputsOf, isInStore, kindText, looksLikeReference, missing, type SourceKind, valuesOf } from './source-forms';

const postgres: SourceKind = {
  kind: 'postgres',
  of_files: false,
  keys: [
    { key: 'url', kind: 'url', required: false, words: [] },
    { key: 'host', kind: 'text', required: false, words: [] },
    { key: 'port', kind: 'port', required: false, words: [] },
    { key: 'database', kind: 'text', required: false, words: [] },
    { key: 'user', kind: 'text', required: false, words: [] },
    { key: 'password', kind: 'secret', required: false, words: [] },
    { key: 'sslmode', kind: 'text', required: false, words: ['disable', 'verify-full'] },
    { key: 'statement_timeout', kind: 'span', required: false, words: [] },
  ],
};
const csv: SourceKind = {
  kind: 'csv',
  of_files: true,
  keys: [
    { key: 'path', kind: 'path', required: true, words: [] },
    { key: 'hive', kind: 'flag', required: false, words: [] },
    { key: 'skip', kind: 'lines', required: false, words: [] },
    { key: 'delimiter', kind: 'text', required: false, words: [] },
    { key: 'sample', kind: 'sample', required: false, words: [] },
    { key: 'secret_access_key', kind: 'secret', required: false, words: [] },
    { key: 'newest', kind: 'text', required: false, words: [] },
  ],
};

describe('forms of sources', () => {
  it('asks for what matters first, and for a key that it does not know under its own name', () => {
    expect(inputsOf(postgres).filter((one) => one.section === 'main').map((one) => one.label)).toEqual(
      ['Host', 'Port', 'Database', 'User', 'Password', 'Encryption']);
    const newest = inputsOf(csv).find((one) => one.key === 'newest')!;
    expect([newest.label, newest.section]).toEqual(['newest', 'more']);
    expect(kindText('oracle').title).toBe('oracle');
  });

  it('does not ask for what has no meaning', () => {
    expect(inputsOf(csv).map((one) => one.key)).not.toContain('sample');
  });

  it('offers kinds in one order, new ones last', () => {
    const kinds = ['zebra', 'csv', 'postgres'].map((kind) => ({ kind, keys: [], of_files: false }));
    expect(inOrder(kinds).map((one) => one.kind)).toEqual(['postgres', 'csv', 'zebra']);
  });

  it('sends numbers as numbers, leaves out what is empty, and says `stored` of a secret that is kept', () => {
    const body = bodyOf('postgres', ' Shop ', inputsOf(postgres), { host: ' db ', port: '5433', database: '', user: 'me', password: null, sslmode: 'verify-full' });
    expect(body).toEqual({ name: 'Shop', kind: 'postgres', host: 'db', port: 5433, user: 'me', password: 'stored', sslmode: 'verify-full' });
  });

  it('sends a new secret letter by letter, blanks around it too', () => {
    expect(bodyOf('postgres', 'x', inputsOf(postgres), { password: ' ${HOME} ' }).password).toBe(' ${HOME} ');
  });

  it('keeps a switch that is off, and forgets one that was never set', () => {
    expect(bodyOf('csv', 'x', inputsOf(csv), { path: '/data', hive: false, skip: '2' })).toEqual({ name: 'x', kind: 'csv', path: '/data', hive: false, skip: 2 });
    expect(valuesOf(inputsOf(csv), { path: '/data' })).toEqual({ path: '/data' });
  });

  it('gives back what it read', () => {
    const source = { name: 'x', kind: 'csv', path: 's3://a/b', hive: true, skip: 3, delimiter: ';', secret_access_key: 'stored' };
    expect(bodyOf('csv', 'x', inputsOf(csv), valuesOf(inputsOf(csv), source))).toEqual(source);
  });

  it('says what is missing', () => {
    expect(missing('csv', inputsOf(csv), { path: ' ' })).toEqual(['Folder or file']);
    expect(missing('postgres', inputsOf(postgres), { host: 'db' })).toEqual(['Database', 'User']);
    expect(missing('postgres', inputsOf(postgres), { url: 'postgresql://me@db/shop' })).toEqual([]);
  });

  it('knows a reference, and an object store', () => {
    expect(['${NAME}', 'file:/etc/x', ' ${A1} '].map(looksLikeReference)).toEqual([true, true, true]);
    expect(['p${A', 'hunter2', '$${NAME}', 'profile:x'].map(looksLikeReference)).toEqual([false, false, false, false]);
    expect([isInStore('s3://a'), isInStore('/s3/a')]).toEqual([true, false]);
  });
});
