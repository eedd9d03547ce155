import { expect, it } from 'vitest';

import { bodyOf, defaultsInWords, draftOf, draftTrouble, newDraft } from './activation';
import type { ActivationBody } from './activation';

const model = [{ name: 'email', type: 'text', label: 'email' }];
const stored: ActivationBody = {
  uid: '1',
  id: 'stable',
  segment: 'Regulars',
  destination: 'Iterable',
  name: 'Regulars!',
  description: 'All of them',
  match_key: { type: 'email', field: 'email' },
  attributes: [
    { field: 'first_name', to: 'firstName' },
    { field: 'total', to: 'lifetimeValue', type: 'double', create: true },
  ],
  schedule: { every: '1h' },
  guard: { max_removed_share: 0.125, max_removed: 10, max_added_share: 3, allow_empty: false },
  on_null: 'keep',
  foreign_members: 'remove',
  audit: { every: '36h' },
  list: { adopt: 12 },
  paused: true,
};

it('comes back from a form as it was, with what the form does not know', () => {
  const { uid: _, ...rest } = stored;
  expect(bodyOf(draftOf(stored, 'UTC'), stored)).toEqual(rest);
});

it('starts from the destination’s defaults', () => {
  const draft = newDraft('Regulars', 'Iterable', { match_key: { type: 'user_id', field: 'id' }, schedule: { every: '2h' } }, model, 'UTC');
  expect(draft.mapping.key).toEqual({ type: 'user_id', field: 'id' });
  expect(bodyOf(draft).schedule).toEqual({ every: '2h' });
  expect(bodyOf(draft).name).toBe('Regulars');
});

it('starts from guesses where there are no defaults', () => {
  const draft = newDraft('Regulars', 'Iterable', undefined, model, 'UTC');
  expect(draft.mapping.key).toEqual({ type: 'email', field: 'email' });
  expect(draftTrouble(draft)).toBeUndefined();
  expect(draftTrouble({ ...draft, mapping: { ...draft.mapping, key: { type: 'user_id', field: '' } } })).toContain('match key');
  expect(draftTrouble({ ...draft, schedule: { ...draft.schedule, amount: '' } })).toContain('how often');
});

it('takes the list’s name from the segment where it is empty, and never audits when told so', () => {
  const draft = { ...newDraft('Regulars', 'Iterable', undefined, model, 'UTC'), name: ' ', auditDays: 0 };
  expect(bodyOf(draft)).toMatchObject({ name: 'Regulars', audit: 'never' });
  expect(bodyOf(draft).description).toBeUndefined();
});

it('says what one click does', () => {
  const words = defaultsInWords('Regulars', 'Iterable', { match_key: { type: 'email', field: 'email' }, attributes: [{ field: 'a', to: 'firstName' }], schedule: { every: '1h' } }).join(' ');
  expect(words).toContain('“Regulars” is made in Iterable');
  expect(words).toContain('by e-mail, from the field email');
  expect(words).toContain('firstName is kept up to date');
  expect(words).toContain('then it runs every hour');
});
