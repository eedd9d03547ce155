import { describe, expect, it } from 'vitest';

import { compare, together } from './conflict';

const base = { uid: '1', name: 'customers', tz: 'UTC', fields: [{ name: 'a' }], label: 'x' };

describe('two people', () => {
  it('who changed different things lose nothing', () => {
    const mine = { ...base, tz: 'Europe/Paris' };
    const theirs = { ...base, fields: [{ name: 'a' }, { name: 'b' }], warnings: ['w'] };
    expect(compare(base, mine, theirs)).toEqual({ mine: ['tz'], theirs: ['fields'], both: [] });
    expect(together(base, mine, theirs)).toEqual({ ...theirs, tz: 'Europe/Paris' });
  });

  it('who changed the same to different values must choose', () => {
    expect(compare(base, { ...base, tz: 'A' }, { ...base, tz: 'B' })).toEqual({ mine: [], theirs: [], both: ['tz'] });
    expect(compare(base, { ...base, tz: 'A' }, { ...base, tz: 'A' })).toEqual({ mine: [], theirs: [], both: [] });
    expect(together(base, { ...base, tz: 'A' }, { ...base, tz: 'B' }).tz).toBe('A');
  });

  it('keep what was taken away taken away', () => {
    const { label: _, ...mine } = base;
    expect(together(base, mine, { ...base, tz: 'B' })).toEqual({ ...mine, tz: 'B' });
  });
});
