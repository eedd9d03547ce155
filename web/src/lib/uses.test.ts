import { describe, expect, it } from 'vitest';

import { segmentsIn, usesOf } from './uses';

const all = {
  sources: [{ uid: 's', name: 'shop' }],
  models: [
    { uid: 'm1', name: 'customers', source: 'shop', relations: [{ name: 'orders', model: 'orders' }] },
    { uid: 'm2', name: 'orders', source: 'shop', relations: [{ name: 'items', model: 'items', through: 'lines' }] },
  ],
  segments: [
    { uid: 'g1', name: 'Opted out', model: 'customers' },
    { uid: 'g2', name: 'VIPs', model: 'customers', where: { all: [{ none: [{ in_segment: 'Opted out' }] }] } },
  ],
  destinations: [{ uid: 'd', name: 'Iterable', exclusions: ['Opted out'], defaults: { model: 'customers' } }],
  activations: [{ uid: 'a', name: 'VIPs', segment: 'VIPs', destination: 'Iterable' }],
};
const named = (...args: Parameters<typeof usesOf>) => usesOf(...args).map((use) => `${use.kind} ${use.name}: ${use.how}`);

describe('what is made of an object', () => {
  it('is found for every kind', () => {
    expect(named('source', 'shop', all)).toEqual(['model customers: is made of its data', 'model orders: is made of its data']);
    expect(named('model', 'customers', all)).toEqual(['segment Opted out: is made of it', 'segment VIPs: is made of it', 'destination Iterable: has default settings for it']);
    expect(named('model', 'orders', all)).toEqual(['model customers: has a relation to it']);
    expect(named('model', 'lines', all)).toEqual(['model orders: has a relation to it']);
    expect(named('segment', 'Opted out', all)).toEqual(['segment VIPs: asks who is in it', 'destination Iterable: excludes it']);
    expect(named('destination', 'Iterable', all)).toEqual(['activation VIPs: keeps a list there']);
    expect(named('activation', 'VIPs', all)).toEqual([]);
  });

  it('reaches through related conditions', () => {
    expect(segmentsIn({ related: 'orders', where: { any: [{ not_in_segment: 'A' }, { field: 'x', op: 'in', value: ['in_segment'] }] } })).toEqual(['A']);
  });
});
