// Segments, stored and under construction. Rules travel as they are written: see lib/exact-json.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { readJson, writeJson } from '../lib/exact-json';
import type { FieldType, Rule, Scalar } from '../rule/types';
import { api, take, takeAll, takeWithTag } from './client';
import type { Schemas, Tagged } from './client';
import { Problem } from './problem';

export interface StoredSegment {
  readonly uid: string;
  readonly name: string;
  readonly model: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly where?: Rule;
  readonly warnings?: readonly string[];
  readonly [key: string]: unknown;
}
export interface Unsaved {
  readonly model: string;
  readonly where: Rule;
  readonly name?: string;
}

type Body = Schemas['SegmentBody'];
const exactly = { parseAs: 'text', bodySerializer: writeJson } as const;
const read = <T>(text: unknown) => readJson(text as string) as T;

export const storedSegmentQuery = (uid: string) =>
  queryOptions({
    queryKey: ['segments', uid, 'exact'],
    queryFn: async ({ signal }): Promise<Tagged<StoredSegment>> => {
      const got = await takeWithTag(api.GET('/api/v1/segments/{uid}', { params: { path: { uid } }, parseAs: 'text', signal }));
      return { value: read(got.value), etag: got.etag };
    },
    refetchOnWindowFocus: 'always',
  });

export async function makeSegment(body: object): Promise<Tagged<StoredSegment>> {
  const got = await takeWithTag(api.POST('/api/v1/segments', { params: {}, body: body as Body, ...exactly }));
  return { value: read(got.value), etag: got.etag };
}
export async function changeSegment(uid: string, etag: string, body: object): Promise<Tagged<StoredSegment>> {
  const got = await takeWithTag(
    api.PUT('/api/v1/segments/{uid}', {
      params: { path: { uid }, header: { 'If-Match': etag } },
      body: body as Body,
      ...exactly,
    }),
  );
  return { value: read(got.value), etag: got.etag };
}
export const removeSegment = async (uid: string, etag: string) => {
  const got = await api.DELETE('/api/v1/segments/{uid}', { params: { path: { uid }, header: { 'If-Match': etag } } });
  if (!got.response.ok) throw new Problem({ status: got.response.status, ...(got.error as object) });
};

// --- What an unsaved rule comes to.

const body = (segment: Unsaved) => segment as unknown as Schemas['UnsavedSegment'];

export const countUnsaved = (segment: Unsaved, signal?: AbortSignal) =>
  take(api.POST('/api/v1/segments/count', { body: body(segment), bodySerializer: writeJson, signal }));

export interface Value {
  value: Scalar | null | readonly (Scalar | null)[];
  members: number;
  share: number;
}
export interface Breakdown {
  members: number;
  people: number;
  values: Value[];
  others: number;
  sampled?: boolean; // of some people alone
}
async function countBy(segment: Unsaved, by: string, limit: number, signal: AbortSignal): Promise<Breakdown> {
  return read(
    await take(api.POST('/api/v1/segments/count', { params: { query: { by, limit } }, body: body(segment), ...exactly, signal })),
  );
}
export const breakdownQuery = (segment: Unsaved, by: string) =>
  queryOptions({
    queryKey: ['unsaved', 'breakdown', writeJson(segment), by],
    queryFn: ({ signal }) => countBy(segment, by, 20, signal),
    staleTime: 60_000,
  });

export interface Preview {
  fields: { name: string; label: string; type: FieldType }[];
  rows: Record<string, unknown>[];
}
export async function previewUnsaved(segment: Unsaved, limit: number, signal?: AbortSignal): Promise<Preview> {
  return read(await take(api.POST('/api/v1/segments/preview', { params: { query: { limit } }, body: body(segment), ...exactly, signal })));
}
export const previewQuery = (segment: Unsaved, limit: number) =>
  queryOptions({
    queryKey: ['unsaved', 'preview', writeJson(segment), limit],
    queryFn: ({ signal }) => previewUnsaved(segment, limit, signal),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

export const sqlQuery = (segment: Unsaved) =>
  queryOptions({
    queryKey: ['unsaved', 'sql', writeJson(segment)],
    queryFn: ({ signal }) => take(api.POST('/api/v1/segments/sql', { body: body(segment), bodySerializer: writeJson, signal })),
    placeholderData: keepPreviousData,
  });

export const overlapQuery = (segment: Unsaved, other: string) =>
  queryOptions({
    queryKey: ['unsaved', 'overlap', writeJson(segment), other],
    queryFn: ({ signal }) =>
      take(api.POST('/api/v1/segments/overlap', { body: { first: body(segment), second: other }, bodySerializer: writeJson, signal })),
    staleTime: 60_000,
  });

export const historyQuery = (uid: string) =>
  queryOptions({
    queryKey: ['segments', uid, 'history'],
    queryFn: ({ signal }) => take(api.GET('/api/v1/segments/{uid}/history', { params: { path: { uid } }, signal })),
  });

// --- Values of a field, the most frequent first. Kept for ten minutes: asking costs the source a query.

const VALUES_SHOWN = 200;
export const valuesQuery = (modelUid: string, field: string) =>
  queryOptions({
    queryKey: ['models', modelUid, 'values', field],
    queryFn: async ({ signal }): Promise<Breakdown> =>
      read(
        await take(
          api.GET('/api/v1/models/{uid}/values', {
            params: { path: { uid: modelUid }, query: { field, limit: VALUES_SHOWN } },
            parseAs: 'text',
            signal,
          }),
        ),
      ),
    staleTime: 600_000,
    gcTime: 600_000,
    retry: 1,
  });
// By lists the service does not count: what stands in those of some people, each list a value.
const SAMPLE = 1000;
export const listValuesQuery = (model: string, field: string) =>
  queryOptions({
    queryKey: ['models', model, 'lists'],
    queryFn: ({ signal }) => previewUnsaved({ model, where: { all: [] } }, SAMPLE, signal),
    select: ({ rows }): Breakdown => ({
      members: rows.length,
      people: rows.length,
      values: rows.map((row) => ({ value: row[field] as Value['value'], members: 1, share: 1 / rows.length })),
      others: 0,
      sampled: rows.length === SAMPLE,
    }),
    staleTime: 600_000,
    gcTime: 600_000,
    retry: 1,
  });
// Those that hold a text, among all there are.
export const valuesWithQuery = (model: string, field: string, text: string) =>
  queryOptions({
    queryKey: ['models', model, 'values with', field, text],
    queryFn: ({ signal }) => countBy({ model, where: { field, op: 'contains', value: text, ignore_case: true } }, field, 50, signal),
    staleTime: 600_000,
    placeholderData: keepPreviousData,
    retry: 1,
  });

export const statusesQuery = queryOptions({
  queryKey: ['status', 'all'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/status', { params: { query: { limit: 1000, cursor } }, signal })),
});
