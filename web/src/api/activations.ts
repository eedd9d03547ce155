// Activations as they stand, what happens in them, and their runs.
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import type { Schedule } from '../lib/schedule';
import { api, take, takeAll } from './client';
import type { Schemas } from './client';
import { Problem } from './problem';
import { events, lines } from './stream';

export type Status = Schemas['ActivationStatus'];
export type Run = Schemas['Run'];
export type Plan = Schemas['Plan'];
export type Audit = Schemas['Audit'];
export type UnderWay = Schemas['UnderWay'];

export const nextTimesQuery = (schedule: Schedule) =>
  queryOptions({
    queryKey: ['schedules', schedule],
    queryFn: ({ signal }) => take(api.POST('/api/v1/schedules/next', { body: { schedule }, signal })),
    staleTime: 30_000,
    retry: false,
  });

// --- How they stand. Asked for again by itself, oftener while something is under way.

const isBusy = (one: Status | undefined) => !!one && (one.under_way !== null || one.waiting);

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/status', { params: { query: { limit: 1000, cursor } }, signal })),
  refetchInterval: (query) => (query.state.data?.some(isBusy) ? 3_000 : 20_000),
});

export const activationStatusQuery = (uid: string) =>
  queryOptions({
    queryKey: ['status', uid],
    queryFn: ({ signal }) => take(api.GET('/api/v1/activations/{uid}/status', { params: { path: { uid } }, signal })),
    refetchInterval: (query) => (isBusy(query.state.data) ? 5_000 : 20_000),
  });

// --- Runs.

export const runsQuery = (filter: { activation?: string; status?: Schemas['RunStatus'] }, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['runs', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET('/api/v1/runs', { params: { query: { ...filter, limit, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const runQuery = (uid: string) =>
  queryOptions({
    queryKey: ['runs', uid],
    queryFn: ({ signal }) => take(api.GET('/api/v1/runs/{uid}', { params: { path: { uid } }, signal })),
  });

export type RejectKind = Schemas['Rejects']['items'][number]['kind'];

export const rejectsQuery = (uid: string, kind: RejectKind, limit = 500) =>
  queryOptions({
    queryKey: ['runs', uid, 'rejects', kind, limit],
    queryFn: async ({ signal }) =>
      (await take(api.GET('/api/v1/runs/{uid}/rejects', { params: { path: { uid }, query: { kind, limit } }, signal }))) as Schemas['Rejects'],
  });

export const rejectsCsv = (uid: string, kind: RejectKind | 'all') => `/api/v1/runs/${encodeURIComponent(uid)}/rejects?kind=${kind}&format=csv`;

// --- What happens, as it happens: told into the status that is kept here.

type Told = Pick<Status, 'under_way' | 'waiting' | 'next_run_at' | 'rests'>;

// A status after an event of the activation's stream.
export function after(status: Status, event: string, data: string): Status {
  const told = JSON.parse(data) as Record<string, unknown> | null;
  if (event === 'status') return { ...status, ...(told as unknown as Told) };
  if (event === 'rest') return { ...status, rests: told as Status['rests'] };
  if (event === 'end') return { ...status, under_way: null };
  if (!told || !status.under_way) return status;
  const live = status.under_way;
  if (event === 'run') return { ...status, under_way: { ...live, run_id: String(told.run_id) } };
  if (event === 'note') return { ...status, under_way: { ...live, notes: [...live.notes, String(told.note)] } };
  if (event === 'step')
    return {
      ...status,
      under_way: { ...live, steps: [...live.steps, { step: String(told.begun), begun_at: new Date().toISOString(), done: 0, total: 0 }] },
    };
  if (event === 'progress') {
    const progress = told.progress as { done?: number; total?: number };
    const steps = live.steps.map((one, i) =>
      i === live.steps.length - 1 ? { ...one, done: progress.done ?? 0, total: progress.total ?? 0 } : one,
    );
    return { ...status, under_way: { ...live, steps } };
  }
  return status;
}

// Follows an activation while the page is open.
export function useLive(uid: string) {
  const client = useQueryClient();
  useEffect(() => {
    const stop = new AbortController();
    const key = activationStatusQuery(uid).queryKey;
    const follow = async () => {
      while (!stop.signal.aborted) {
        try {
          for await (const { event, data } of events(`/api/v1/activations/${encodeURIComponent(uid)}/events`, stop.signal)) {
            client.setQueryData(key, (old: Status | undefined) => old && after(old, event, data));
            const old = client.getQueryData(key);
            // A run that began while nobody knew of it, and whatever an end changed, is read anew.
            if (event === 'end' || ((event === 'step' || event === 'run') && !old?.under_way)) {
              void client.invalidateQueries({ queryKey: ['status'] });
              void client.invalidateQueries({ queryKey: ['runs'] });
            }
          }
        } catch {
          // The service is away: asked again below.
        }
        if (!stop.signal.aborted) await new Promise((done) => setTimeout(done, 2_000));
      }
    };
    void follow();
    return () => stop.abort();
  }, [uid, client]);
}

// --- What is done to one.

export function useRenewActivations() {
  const client = useQueryClient();
  return () =>
    Promise.all(['status', 'runs', 'activations', 'everything'].map((word) => client.invalidateQueries({ queryKey: [word] })));
}

const path = (uid: string) => ({ params: { path: { uid } } });

export function useAct(uid: string) {
  const renew = useRenewActivations();
  const options = { onSettled: renew };
  return {
    run: useMutation({ mutationFn: (order: Schemas['RunOrder'] = {}) => take(api.POST('/api/v1/activations/{uid}/run', { ...path(uid), body: order })), ...options }),
    stop: useMutation({ mutationFn: () => take(api.POST('/api/v1/activations/{uid}/stop', path(uid))), ...options }),
    pause: useMutation({ mutationFn: () => take(api.POST('/api/v1/activations/{uid}/pause', path(uid))), ...options }),
    resume: useMutation({ mutationFn: () => take(api.POST('/api/v1/activations/{uid}/resume', path(uid))), ...options }),
    archive: useMutation({
      mutationFn: (list: 'keep' | 'empty') => take(api.POST('/api/v1/activations/{uid}/archive', { ...path(uid), body: { list } })),
      ...options,
    }),
  };
}

// --- Plans and audits, which tell their progress before their result.

export interface Progress {
  step?: string;
  done: number;
  total: number;
  notes: string[];
}

type Line<Word extends string, T> = { begun?: string; progress?: { done?: number; total?: number }; note?: string; error?: Schemas['Error'] } & {
  [key in Word]?: T;
};

async function* result<Word extends string, T>(word: Word, url: string, body: unknown, signal: AbortSignal): AsyncGenerator<Progress | { result: T }> {
  let progress: Progress = { done: 0, total: 0, notes: [] };
  for await (const line of lines<Line<Word, T>>(url, body, signal)) {
    if (line.error) {
      throw new Problem({ title: 'That did not come to its end', detail: line.error.message, remedy: line.error.remedy, code: line.error.code, context: line.error.context });
    }
    const got = line[word] as T | undefined;
    if (got !== undefined) {
      yield { result: got };
      return;
    }
    if (line.begun) progress = { ...progress, step: line.begun, done: 0, total: 0 };
    if (line.progress) progress = { ...progress, done: line.progress.done ?? 0, total: line.progress.total ?? 0 };
    if (line.note) progress = { ...progress, notes: [...progress.notes, line.note] };
    yield progress;
  }
}

export const planned = (uid: string, body: { prove?: boolean; all?: boolean }, signal: AbortSignal) =>
  result<'plan', Plan>('plan', `/api/v1/activations/${encodeURIComponent(uid)}/plan`, body, signal);
export const audited = (uid: string, signal: AbortSignal) =>
  result<'audit', Audit>('audit', `/api/v1/activations/${encodeURIComponent(uid)}/audit?limit=1000`, {}, signal);
