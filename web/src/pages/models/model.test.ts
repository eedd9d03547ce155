import { describe, expect, it } from 'vitest';

import { blankDraft, bodyOf, draftOf, lacks, type Model, questionOf, withColumns } from './model';

const columns = [{ name: 'customer_id', type: 'text' }, { name: 'email', type: 'text' }, { name: 'ltv', type: 'number' }];
const stored: Model = {
  uid: 'm1', name: 'customers', type: 'users', source: 'shop', table: 'customers', primary_key: 'customer_id', tz: 'Europe/Paris',
  fields: [{ name: 'customer_id' }, { name: 'value', column: 'ltv' }],
  computed: [{ name: 'n', aggregate: 'count', relation: 'orders' }],
  relations: [{ name: 'orders', kind: 'has_many', model: 'orders', key: 'customer_id', foreign_key: 'customer_id' }],
  types: { customers: { customer_id: 'text' } },
};

describe('a new model', () => {
  it('is nearly whole once its table is chosen', () => {
    const draft = withColumns(blankDraft('shop', 'customers.csv'), columns, undefined);
    expect([draft.name, draft.type, draft.primary_key, lacks(draft, [])]).toEqual(['customers', 'users', 'customer_id', undefined]);
    expect(bodyOf(draft, undefined)).toEqual({ name: 'customers', type: 'users', source: 'shop', table: 'customers.csv', primary_key: 'customer_id' });
  });

  it('says what lacks', () => {
    expect(lacks(blankDraft('', ''), [])).toBe('Choose a source.');
    expect(lacks(blankDraft('shop', ''), [])).toBe('Choose a table.');
    expect(lacks(blankDraft('shop', 'x'), [])).toContain('tells people apart');
    expect(lacks(blankDraft('shop', 'x'), ['x'])).toContain('already');
    const draft = withColumns(blankDraft('shop', 'customers'), columns, undefined);
    expect(lacks({ ...draft, picks: draft.picks!.map((one) => ({ ...one, picked: one.column === 'ltv' })) }, [])).toContain('not among');
  });

  it('asks nothing before there is something to ask about', () => {
    expect([questionOf(blankDraft('shop', '')), questionOf({ ...blankDraft('shop', 'x'), by: 'sql', sql: ' ' })]).toEqual([undefined, undefined]);
    expect(questionOf({ ...blankDraft('shop', 'x'), by: 'sql', sql: 'SELECT 1' })).toEqual({ source: 'shop', sql: 'SELECT 1' });
  });
});

describe('a stored model', () => {
  it('comes back as it was, what the form does not ask for too', () => {
    const draft = withColumns(draftOf(stored), columns, stored);
    expect(bodyOf(draft, stored)).toEqual(stored);
    expect(bodyOf(draftOf(stored), stored)).toEqual(stored);
  });

  it('that takes another table drops what was said of the columns of the old one', () => {
    const draft = withColumns({ ...draftOf(stored), table: 'people' }, [{ name: 'person_id', type: 'text' }], stored);
    const body = bodyOf(draft, stored);
    expect([body.fields, body.types, body.primary_key]).toEqual([undefined, undefined, 'person_id']);
    expect(body.relations).toEqual(stored.relations);
  });

  it('has its types found anew on demand', () => {
    expect(bodyOf(draftOf(stored), stored, true).types).toBeUndefined();
  });
});
