import { expect, it } from 'vitest';

import type { Schemas } from '../api/client';
import { stateOf } from './state';

const now = new Date('2026-10-30T14:00:00Z');
const base = { state: 'completed', paused: false, waiting: false, under_way: null, rests: null, next_run_at: null } as Schemas['ActivationStatus'];
const rests = { kind: 'source', name: 'shop', problem: 'p', remedy: 'r', since: '2026-10-30T13:00:00Z' };
const under_way = { work: 'run' as const, run_id: null, started_at: '2026-10-30T13:00:00Z', steps: [], notes: [] };

it.each([
  ['Healthy', {}],
  ['Healthy', { state: 'completed_with_rejects' as const }],
  ['Running', { under_way, rests, state: 'failed' as const }],
  ['Resting', { rests, state: 'failed' as const }],
  ['Failed', { state: 'failed' as const, paused: true }],
  ['Stopped', { state: 'stopped' as const, waiting: true }],
  ['Paused', { paused: true }],
  ['Waiting', { waiting: true }],
  ['Waiting', { state: 'never_run' as const }],
  ['Healthy', { next_run_at: '2026-10-30T13:55:00Z' }],
  ['Late', { next_run_at: '2026-10-30T13:40:00Z' }],
])('%s', (word, change) => expect(stateOf({ ...base, ...change }, now)).toBe(word));
