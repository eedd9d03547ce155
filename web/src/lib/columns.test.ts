import { describe, expect, it } from 'vitest';

import { cellText, fieldsOf, guessKey, guessModelType, labelOf, modelNameOf, picksOf, problemsOf, samplesOf, typeName } from './columns';

const columns = [
  { name: 'customer_id', type: 'integer' },
  { name: 'email', type: 'text' },
  { name: 'ltv', type: 'number' },
];

describe('picks', () => {
  it('are all columns where a model names none, and come back as none', () => {
    const picks = picksOf(columns, undefined);
    expect(picks.every((one) => one.picked)).toBe(true);
    expect(fieldsOf(picks)).toBeUndefined();
  });

  it('are what a model names, and come back as that', () => {
    const fields = [{ name: 'email' }, { name: 'lifetime_value', column: 'ltv', label: 'Lifetime value' }];
    const picks = picksOf(columns, fields);
    expect(picks.map((one) => [one.name, one.picked])).toEqual([['customer_id', false], ['email', true], ['lifetime_value', true]]);
    expect(fieldsOf(picks)).toEqual(fields);
  });

  it('keep a field whose column is gone, so that it can be seen and dropped', () => {
    const picks = picksOf(columns, [{ name: 'city', type: 'text' }]);
    expect(picks.at(-1)).toEqual({ column: 'city', picked: true, name: 'city', label: '', type: 'text' });
  });

  it('name every field once a single one differs', () => {
    const picks = picksOf(columns, undefined).map((one) => (one.column === 'ltv' ? { ...one, type: 'decimal' as const } : one));
    expect(fieldsOf(picks)).toEqual([{ name: 'customer_id' }, { name: 'email' }, { name: 'ltv', type: 'decimal' }]);
  });

  it('tell two fields of one name, and one without', () => {
    const picks = picksOf(columns, undefined).map((one) => ({ ...one, name: one.column === 'ltv' ? 'email' : one.column === 'customer_id' ? ' ' : one.name }));
    expect(problemsOf(picks)).toEqual({ customer_id: 'A field needs a name.', ltv: 'email has this name already.' });
    expect(problemsOf(picks.map((one) => ({ ...one, picked: one.column === 'email' })))).toEqual({});
  });
});

describe('guesses', () => {
  it('find the key', () => {
    expect(guessKey('main.customers', columns)).toBe('customer_id');
    expect(guessKey('orders.csv', [{ name: 'customer_id', type: 'text' }, { name: 'order_id', type: 'text' }])).toBe('order_id');
    expect(guessKey('companies', [{ name: 'company_id', type: 'text' }])).toBe('company_id');
    expect(guessKey('address', [{ name: 'a', type: 'text' }, { name: 'ADDRESS_ID', type: 'text' }])).toBe('ADDRESS_ID');
    expect(guessKey('newsletter', [{ name: 'e_mail', type: 'text' }, { name: 'x', type: 'text' }])).toBe('e_mail');
    expect(guessKey('x', [{ name: 'y', type: 'text' }])).toBeUndefined();
  });

  it('tell people from events and the rest', () => {
    expect(guessModelType('people', [])).toBe('users');
    expect(guessModelType('x', [{ name: 'Email', type: 'text' }])).toBe('users');
    expect(guessModelType('orders', [{ name: 'customer_id', type: 'integer' }, { name: 'ordered_at', type: 'timestamp' }])).toBe('events');
    expect(guessModelType('items', [{ name: 'price', type: 'number' }])).toBe('custom');
  });

  it('make names that people read', () => {
    expect(['last_order_at', 'firstName', 'LTV', 'a', '__'].map(labelOf)).toEqual(['Last order at', 'First Name', 'Ltv', 'A', '__']);
    expect(['sales.customer_list', 'orders/2026-*.parquet', 'people.csv.gz', 'item'].map(modelNameOf)).toEqual(['customer list', '2026 *', 'people', 'item']);
  });
});

describe('values', () => {
  it('are shown as people write them', () => {
    expect([null, true, 12.5, 'x', [1], { a: 1 }].map(cellText)).toEqual(['', 'yes', '12.5', 'x', '[1]', '{"a":1}']);
    expect(samplesOf([{ a: 1 }, { a: 1 }, { a: null }, { a: 2 }, { a: 3 }, { a: 4 }], 'a')).toEqual(['1', '2', '3']);
    expect(typeName('timestamp')).toBe('Date and time');
    expect(typeName('json')).toBe('Object');
  });
});
