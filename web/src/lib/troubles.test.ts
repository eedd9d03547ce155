import { expect, test } from 'vitest';
import { addressesOf, toldOf, TROUBLES, whereTo } from './troubles';

test('a channel that names no trouble, or all, is told of every one', () => {
  expect(toldOf({ troubles: [] })).toBe('Every trouble');
  expect(toldOf({ troubles: TROUBLES.map((one) => one.trouble) })).toBe('Every trouble');
  expect(toldOf({ troubles: ['failed', 'late'] })).toBe('A run failed, A run is late');
});

test('addresses are taken as they are pasted, each once', () => {
  expect(addressesOf(' ann@x.com, ben@x.com;\ncleo@x.com\tann@x.com ')).toEqual([
    'ann@x.com',
    'ben@x.com',
    'cleo@x.com',
  ]);
  expect(addressesOf(' ')).toEqual([]);
  expect(whereTo({ kind: 'email', to: ['a@x', 'b@x'] })).toBe('a@x, b@x');
});
