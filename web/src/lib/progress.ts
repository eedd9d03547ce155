// How quickly a step goes on, and when it may be through.
export interface StepProgress {
  begun_at: string;
  done: number;
  total: number;
}

// People a second; nothing before there is something to go by.
export function rateOf(step: StepProgress, now: Date): number | undefined {
  const seconds = (now.getTime() - new Date(step.begun_at).getTime()) / 1000;
  return seconds >= 1 && step.done > 0 ? step.done / seconds : undefined;
}

// Seconds left; nothing where the total is not known.
export function leftOf(step: StepProgress, now: Date): number | undefined {
  const rate = rateOf(step, now);
  return rate && step.total > 0 ? Math.max(0, step.total - step.done) / rate : undefined;
}
