import { expect, test } from 'vitest';
import { find } from './find';

const names = ['Lapsed VIPs', 'VIPs', 'New VIPs of Köln', 'Opted out'];
const found = (typed: string) => find(names, typed, (one) => one);

test('every word must be there; the whole, the beginning, then words come first', () => {
  expect(found('vips')).toEqual(['VIPs', 'Lapsed VIPs', 'New VIPs of Köln']);
  expect(found('koln new')).toEqual(['New VIPs of Köln']);
  expect(found('zzz')).toEqual([]);
  expect(found('  ')).toEqual(names);
});
