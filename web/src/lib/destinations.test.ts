import { describe, expect, it } from 'vitest';

import { blankConnection, bodyOf, connectionOf, defaultsInWords, type Destination, lacks } from './destinations';

const stored: Destination = {
  uid: 'd1', name: 'Iterable', platform: 'iterable', service: 'contact_lists', region: 'eu', project_type: 'hybrid', api_key: 'stored', settle: '5s',
  proof: { by: 'fastest', max_age: '2m' }, exclusions: ['Opted out'],
  defaults: { model: 'customers', match_key: { type: 'email', field: 'email' }, attributes: [{ field: 'first_name', to: 'firstName' }], schedule: { every: '1h' } },
};

describe('a destination', () => {
  it('comes back as it was, with what the form does not ask for, and its key untouched', () => {
    expect(bodyOf(connectionOf(stored), stored)).toEqual(stored);
  });

  it('is sent with what was typed alone', () => {
    expect(bodyOf({ ...blankConnection, api_key: ' abc ' })).toEqual({
      name: 'Iterable', platform: 'iterable', service: 'contact_lists', region: 'us', project_type: 'hybrid', api_key: 'abc',
    });
    expect(bodyOf({ ...connectionOf(stored), settle: '', proof_by: 'look_up', proof_age: '' }, stored)).not.toHaveProperty('proof');
  });

  it('says what lacks', () => {
    expect(lacks(blankConnection)).toContain('API key');
    expect(lacks({ ...blankConnection, api_key: 'k', region: 'eu', project_type: 'email' })).toContain('Europe');
    expect(lacks(connectionOf(stored))).toBeUndefined();
  });

  it('says what one click does', () => {
    expect(defaultsInWords(stored.defaults, 'every hour')).toEqual([
      'People of the model customers are found by e-mail, from the field email.', 'Written for everybody on the list: firstName.', 'The list is brought up to date every hour.',
    ]);
    expect(defaultsInWords(undefined, '')).toEqual([]);
  });
});
