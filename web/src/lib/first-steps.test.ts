import { describe, expect, it } from 'vitest';

import { firstSteps, waitsFor } from './first-steps';

const nothing = { sources: [], models: [], segments: [], destinations: [], activations: [] };
const some = (name: string, more = {}) => ({ uid: name, name, ...more });
const states = (all: Parameters<typeof firstSteps>[0]) => firstSteps(all).map((one) => one.state);

describe('the way to a first list', () => {
  it('begins with a source', () => {
    expect(states(nothing)).toEqual(['next', 'later', 'later', 'later', 'later']);
    expect(waitsFor('model', firstSteps(nothing))).toBe('source');
    expect(waitsFor('destination', firstSteps(nothing))).toBeUndefined();
  });

  it('goes on where it was left, whatever was made first', () => {
    expect(states({ ...nothing, sources: [some('shop')], destinations: [some('Iterable')] })).toEqual(['done', 'next', 'later', 'done', 'later']);
  });

  it('asks for a model of people, and a segment of such', () => {
    const all = { ...nothing, sources: [some('shop')], models: [some('orders', { type: 'events' })], segments: [some('Big', { model: 'orders' })] };
    expect(states(all)).toEqual(['done', 'next', 'later', 'later', 'later']);
    const people = { ...all, models: [...all.models, some('customers')] };
    expect(states(people)).toEqual(['done', 'done', 'next', 'later', 'later']);
  });

  it('ends when a list is kept, and an archived activation keeps none', () => {
    const all = {
      sources: [some('shop')], models: [some('customers', { type: 'users' })], segments: [some('VIPs', { model: 'customers' })], destinations: [some('Iterable')],
      activations: [some('VIPs', { archived: true })],
    };
    expect(states(all).at(-1)).toBe('next');
    expect(states({ ...all, activations: [some('VIPs')] })).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(firstSteps(all)[3]!.made).toEqual({ uid: 'Iterable', name: 'Iterable' });
  });
});
