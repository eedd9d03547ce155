import { describe, expect, it } from 'vitest';

import { attributeName, converts, fillable, likely, likelyKey, troubleOf } from './mapping';
import type { Mapped } from './mapping';

const model = [
  { name: 'email', type: 'text', label: 'E-mail' },
  { name: 'customer_id', type: 'text', label: 'customer_id' },
  { name: 'total', type: 'integer', label: 'total' },
  { name: 'ratio', type: 'number', label: 'ratio' },
  { name: 'tags', type: 'list', label: 'tags' },
];
const iterable = [
  { name: 'email', type: 'string' },
  { name: 'firstName', type: 'string' },
  { name: 'orders', type: 'long' },
  { name: 'itblInternal.documentCreatedAt', type: 'date' },
  { name: 'phoneNumber', type: 'string' },
];

describe('a line of the mapping', () => {
  it.each<[Mapped, string | undefined]>([
    [{ field: 'email', to: 'firstName' }, undefined],
    [{ field: 'total', to: 'orders' }, undefined],
    [{ field: 'total', to: 'firstName' }, undefined],
    [{ field: 'tags', to: 'orders' }, undefined],
    [{ field: '', to: 'orders' }, 'Choose the field'],
    [{ field: 'total', to: '' }, 'Choose the attribute'],
    [{ field: 'total', to: ' ', create: true }, 'a name'],
    [{ field: 'gone', to: 'orders' }, 'no field gone'],
    [{ field: 'ratio', to: 'orders' }, 'ratio is number, and orders takes long'],
    [{ field: 'email', to: 'orders' }, 'email is text, and orders takes long'],
    [{ field: 'total', to: 'newOne' }, 'no attribute newOne'],
    [{ field: 'total', to: 'newOne', create: true }, undefined],
    [{ field: 'total', to: 'newOne', create: true, type: 'double' }, undefined],
    [{ field: 'total', to: 'newOne', create: true, type: 'boolean' }, 'takes boolean'],
    [{ field: 'total', to: 'orders', create: true, type: 'double' }, 'there it is long'],
    [{ field: 'total', to: 'Orders', create: true }, 'do you mean that one'],
    [{ field: 'total', to: 'orders', create: true }, 'not made'],
  ])('%j: %s', (line, words) => {
    const text = troubleOf(line, [line], model, iterable)?.text;
    if (words) expect(text).toContain(words);
    else expect(text).toBeUndefined();
  });
  it('is not filled twice', () => {
    const line = { field: 'total', to: 'orders' };
    expect(troubleOf(line, [line, { field: 'ratio', to: 'orders' }], model, iterable)?.text).toContain('twice');
  });
});

it('leaves aside what is Iterable’s own', () => expect(fillable(iterable).map((one) => one.name)).toEqual(['firstName', 'orders', 'phoneNumber']));
it('guesses by names', () => {
  expect(likely('first_name', iterable)).toBe('firstName');
  expect(likely('email', iterable)).toBeUndefined();
  expect(attributeName('lifetime_value')).toBe('lifetimeValue');
  expect(attributeName('année de_naissance')).toBe('annéeDeNaissance');
  expect(likelyKey('email', model)).toBe('email');
  expect(likelyKey('user_id', model)).toBe('customer_id');
  expect(likelyKey('user_id', [{ name: 'ref', type: 'text', label: 'ref' }], 'ref')).toBe('ref');
});
it('knows what converts', () => {
  expect(converts('date', 'date')).toBe(true);
  expect(converts('integer', 'double')).toBe(true);
  expect(converts('object', 'string')).toBe(false);
});
