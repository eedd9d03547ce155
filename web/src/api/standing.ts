// How the page stands with the service: whether it answers, and whether the session goes on. What is asked while
// somebody must sign in again waits, and is asked again afterwards, so that no draft is lost.
import { useSyncExternalStore } from 'react';

export interface Standing {
  away: boolean; // the service does not answer
  back: boolean; // it does again, and did not a moment ago
  ended: boolean; // the session is over, and this page still shows what was signed in for
  outdated: boolean; // a part of the page is gone: the service was replaced by another version
}

let standing: Standing = { away: false, back: false, ended: false, outdated: false };
const listeners = new Set<() => void>();

function set(change: Partial<Standing>) {
  const now = { ...standing, ...change };
  if ((Object.keys(now) as (keyof Standing)[]).every((key) => now[key] === standing[key])) return;
  standing = now;
  for (const one of listeners) one();
}

export const useStanding = (): Standing =>
  useSyncExternalStore(
    (listen) => {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    () => standing,
  );

let watching: ReturnType<typeof setInterval> | undefined;

// The service did not answer: it is asked every second until it does.
export function isAway() {
  set({ away: true, back: false });
  watching ??= setInterval(async () => {
    const answer = await fetch('/api/v1/health').catch(() => undefined);
    if (answer?.ok) isThere();
  }, 1000);
}

export function isThere() {
  clearInterval(watching);
  watching = undefined;
  if (!standing.away) return;
  set({ away: false, back: true });
  setTimeout(() => set({ back: false }), 5000);
}

export const isOutdated = () => set({ outdated: true });

let signedIn: (() => void)[] = [];

// Resolves once somebody has signed in again; rejects when `signal` is aborted first.
export function sessionEnded(signal: AbortSignal): Promise<void> {
  set({ ended: true });
  return new Promise((done, fail) => {
    signedIn.push(done);
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  });
}

export function sessionGoesOn() {
  set({ ended: false });
  const waiting = signedIn;
  signedIn = [];
  for (const one of waiting) one();
}
