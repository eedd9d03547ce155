import { expect, it } from 'vitest';

import { list, many, people, percent } from './words';

it('counts with the right noun', () => {
  expect(people(1)).toBe('1 person');
  expect(people(2000)).toBe('2,000 people');
  expect(many(0, 'run')).toBe('0 runs');
});

it.each([
  [0, '0%'],
  [0.00001, '<0.01%'],
  [0.0042, '0.42%'],
  [0.042, '4.2%'],
  [0.42, '42%'],
  [0.9999, '100%'],
  [0.995, '99.5%'],
  [1, '100%'],
])('%d is %s', (share, words) => expect(percent(share)).toBe(words));

it('lists', () => {
  expect(list([])).toBe('');
  expect(list(['a'])).toBe('a');
  expect(list(['a', 'b'])).toBe('a and b');
  expect(list(['a', 'b', 'c'], 'or')).toBe('a, b or c');
});
