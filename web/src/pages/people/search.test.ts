import { expect, test } from 'vitest';
import { groupsOf, keyIn, peopleIn, ruleFor } from './search';

const segments = [
  { uid: 's1', name: 'VIPs', model: 'customers' },
  { uid: 's2', name: 'Shops', model: 'shops' },
];
const destinations = [
  { uid: 'd', name: 'It', defaults: { match_key: { type: 'user_id', field: 'id' } } },
] as never as Parameters<typeof groupsOf>[2];

test('activations are grouped by model, with the match key of their own or of the defaults', () => {
  const activations = [
    { uid: 'a1', segment: 'VIPs', destination: 'It', name: 'Z', match_key: { type: 'email', field: 'email' } },
    { uid: 'a2', segment: 'VIPs', destination: 'It' },
    { uid: 'a3', segment: 'Shops', destination: 'It', archived: true },
    { uid: 'a4', segment: 'Shops', destination: 'It', name: 'S' },
  ] as never as Parameters<typeof groupsOf>[0];
  const groups = groupsOf(activations, segments, destinations);
  expect(groups.map((one) => [one.model, one.activations.map((a) => [a.uid, a.name, a.keyField])])).toEqual([
    [
      'customers',
      [
        ['a2', 'VIPs', 'id'],
        ['a1', 'Z', 'email'],
      ],
    ],
    ['shops', [['a4', 'S', 'id']]],
  ]);
});

test('a person is looked for in every field that may be a key and can hold what was typed', () => {
  const fields = [
    { name: 'email', type: 'text' },
    { name: 'id', type: 'integer' },
    { name: 'born', type: 'date' },
  ];
  expect(ruleFor(' Ada@x.com', fields, ['email', 'id', 'email', 'born'])).toEqual({
    any: [{ field: 'email', op: 'eq', value: 'Ada@x.com', ignore_case: true }],
  });
  expect(ruleFor('17', fields, ['id'])).toEqual({ any: [{ field: 'id', op: 'eq', value: 17 }] });
  expect(ruleFor('9007199254740993', fields, ['id'])).toBeUndefined();
  expect(ruleFor('  ', fields, ['email'])).toBeUndefined();
});

test('keys out of rows, and each person once', () => {
  expect(keyIn({ id: 17 }, 'id')).toBe('17');
  expect(keyIn({ id: 2 ** 60 }, 'id')).toBeUndefined();
  expect(keyIn({ id: null }, 'id')).toBeUndefined();
  expect(peopleIn([{ id: 1 }, { id: 1 }, { id: 2 }], 'id')).toHaveLength(2);
});
