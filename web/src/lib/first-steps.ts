// The way to a first list. Where somebody stands follows from what there is, so the way can be left and taken up again.

import type { Everything } from './uses';

export type StepName = 'source' | 'model' | 'segment' | 'destination' | 'activation';
export interface Step {
  step: StepName;
  state: 'done' | 'next' | 'later';
  /** The first of what was made. */
  made?: { uid: string; name: string };
  /** How many there are. */
  count: number;
}

const names: StepName[] = ['source', 'model', 'segment', 'destination', 'activation'];

export function firstSteps(all: Everything): Step[] {
  const people = all.models.filter((one) => (one.type ?? 'users') === 'users');
  const made = {
    source: all.sources,
    model: people,
    segment: all.segments.filter((one) => people.some((model) => model.name === one.model)),
    destination: all.destinations,
    activation: all.activations.filter((one) => one.archived !== true),
  };
  const next = names.find((name) => made[name].length === 0);
  return names.map((step) => {
    const first = made[step][0];
    return { step, state: first ? 'done' : step === next ? 'next' : 'later', count: made[step].length, ...(first ? { made: { uid: first.uid, name: first.name } } : {}) };
  });
}

/** What a step waits for, if it cannot be begun yet: a destination needs nothing before it. */
export function waitsFor(step: StepName, steps: Step[]): StepName | undefined {
  const needs: Record<StepName, StepName[]> = { source: [], model: ['source'], segment: ['model'], destination: [], activation: ['segment', 'destination'] };
  return needs[step].find((one) => steps.find((other) => other.step === one)?.state !== 'done');
}
