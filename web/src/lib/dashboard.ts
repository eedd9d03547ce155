// What the home page shows first, and its lines.
import type { Schemas } from '../api/client';
import { guardInWords } from './numbers';
import { needsPerson, stateOf } from './state';
import type { State } from './state';

type Status = Schemas['ActivationStatus'];
type Run = Schemas['Run'];

export interface Attention {
  status: Status;
  state: State;
  why: string;
  remedy: string;
}

const weight: Record<State, number> = { Failed: 0, Stopped: 1, Resting: 2, Late: 3, Running: 4, Waiting: 5, Healthy: 6, Paused: 7 };

export function attention(all: Status[], now: Date = new Date()): Attention[] {
  return order(all, now).flatMap((status): Attention[] => {
    const state = stateOf(status, now);
    if (!needsPerson(state)) return [];
    if (state === 'Resting' && status.rests)
      return [{ status, state, why: `The ${status.rests.kind} ${status.rests.name} is broken: ${status.rests.problem}`, remedy: status.rests.remedy }];
    if (state === 'Late') return [{ status, state, why: 'It should have run by now.', remedy: 'See what is under way: it may wait for its turn.' }];
    const told = status.last_run?.error ?? '';
    const why = state === 'Stopped' ? guardInWords(told || 'the guard stopped it') : told || 'The last run failed.';
    return [{ status, state, why, remedy: state === 'Stopped' ? 'Approve what it would do, or correct it.' : '' }];
  });
}

// What needs a person first, then by name.
export function order(all: Status[], now: Date = new Date()): Status[] {
  return all
    .map((status) => ({ status, weight: weight[stateOf(status, now)] }))
    .sort((a, b) => {
      const first = (one: { weight: number }) => Math.min(one.weight, 4); // those that go well are in one row
      return first(a) - first(b) || a.status.name.localeCompare(b.status.name);
    })
    .map((one) => one.status);
}

// People on the list after each run that came to its end, the oldest first, by activation.
export function trends(newestFirst: Run[], most = 20): Map<string, number[]> {
  const out = new Map<string, number[]>();
  for (const run of newestFirst) {
    if (run.status !== 'completed' && run.status !== 'completed_with_rejects') continue;
    const values = out.get(run.activation_uid) ?? [];
    if (values.length < most) out.set(run.activation_uid, [run.standing.on_list, ...values]);
  }
  return out;
}
