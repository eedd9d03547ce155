import type { Schemas } from '../api/client';

type Status = Schemas['ActivationStatus'];

export type State = 'Healthy' | 'Running' | 'Waiting' | 'Paused' | 'Resting' | 'Stopped' | 'Failed' | 'Late';

const lateAfter = 10 * 60_000;

// An activation's state in one word.
export function stateOf(status: Status, now: Date = new Date()): State {
  if (status.under_way) return 'Running';
  if (status.rests) return 'Resting';
  if (status.state === 'stopped') return 'Stopped';
  if (status.state === 'failed') return 'Failed';
  if (status.paused) return 'Paused';
  if (status.waiting) return 'Waiting';
  if (status.next_run_at && now.getTime() - new Date(status.next_run_at).getTime() > lateAfter) return 'Late';
  if (status.state === 'interrupted' || status.state === 'never_run') return 'Waiting';
  return 'Healthy';
}

// Whether it goes on without a person.
export function needsPerson(state: State): boolean {
  return state === 'Failed' || state === 'Stopped' || state === 'Resting' || state === 'Late';
}
