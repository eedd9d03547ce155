// Exact counts while a rule is being made: of the whole first, then of each card. A change of the rule
// stops all that are under way; what was counted already is not asked for again.
import { useEffect, useMemo, useState } from 'react';

import { asProblem } from '../api/problem';
import type { Problem } from '../api/problem';
import { countUnsaved } from '../api/segments';
import type { Unsaved } from '../api/segments';
import { writeJson } from '../lib/exact-json';

export type CountState =
  | { state: 'waiting' }
  | { state: 'counting' }
  | { state: 'stopped' }
  | { state: 'counted'; members: number; people: number; at: Date }
  | { state: 'failed'; problem: Problem };

const AT_ONCE = 2; // of the six places that the service has for all
export const PAUSE = 350; // while somebody types
const FRESH = 5 * 60_000;
const BUSY_TRIES = 5;

interface Known {
  members: number;
  people: number;
  at: Date;
}
const counted = new Map<string, Known>();

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

// A service that is busy is asked again; it says so with 503.
async function patiently(segment: Unsaved, signal: AbortSignal): Promise<Known> {
  for (let times = 1; ; ++times) {
    try {
      const { members, people } = await countUnsaved(segment, signal);
      return { members, people, at: new Date() };
    } catch (error) {
      if (signal.aborted || asProblem(error).code !== 'queries_full' || times === BUSY_TRIES) throw error;
      await wait(2000 * times, signal);
    }
  }
}

const keyOf = (segment: Unsaved) => writeJson(segment);
const isFresh = (known: Known | undefined, now: number): known is Known => known !== undefined && now - known.at.getTime() < FRESH;

export interface Counts {
  of: (segment: Unsaved | undefined) => CountState | undefined;
  busy: boolean;
  stop: () => void;
  again: () => void;
}

export function useCounts(segments: readonly Unsaved[]): Counts {
  const [states, setStates] = useState<ReadonlyMap<string, CountState>>(new Map());
  const [round, setRound] = useState(0);
  const [stopped, setStopped] = useState<AbortController>();
  const keys = segments.map(keyOf);
  const all = keys.join('\n');
  const jobs = useMemo(() => {
    const unique = new Map<string, Unsaved>();
    keys.forEach((key, i) => unique.set(key, segments[i] as Unsaved));
    return unique;
    // `all` is what they say.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [all]);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const put = (key: string, state: CountState) => setStates((was) => new Map(was).set(key, state));
    const now = Date.now();
    const first = new Map<string, CountState>();
    const open: [string, Unsaved][] = [];
    for (const [key, segment] of jobs) {
      const known = counted.get(key);
      if (isFresh(known, now)) first.set(key, { state: 'counted', ...known });
      else {
        first.set(key, { state: 'waiting' });
        open.push([key, segment]);
      }
    }
    setStates(first);
    if (open.length === 0) return;

    const work = async () => {
      for (let job = open.shift(); job && !signal.aborted; job = open.shift()) {
        const [key, segment] = job;
        put(key, { state: 'counting' });
        try {
          const known = await patiently(segment, signal);
          counted.set(key, known);
          put(key, { state: 'counted', ...known });
        } catch (error) {
          if (signal.aborted) return;
          put(key, { state: 'failed', problem: asProblem(error) });
        }
      }
    };
    setStopped(controller);
    wait(PAUSE, signal)
      .then(() => Promise.all(Array.from({ length: AT_ONCE }, work)))
      .catch(() => undefined);
    return () => controller.abort();
  }, [jobs, round]);

  const busy = [...states.values()].some((one) => one.state === 'waiting' || one.state === 'counting');
  return {
    of: (segment) => (segment ? states.get(keyOf(segment)) : undefined),
    busy,
    stop: () => {
      stopped?.abort();
      setStates(
        (was) =>
          new Map([...was].map(([key, one]) => [key, one.state === 'waiting' || one.state === 'counting' ? { state: 'stopped' } : one])),
      );
    },
    again: () => {
      for (const key of jobs.keys()) counted.delete(key);
      setRound((n) => n + 1);
    },
  };
}
