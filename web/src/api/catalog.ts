// Objects of the catalog, whichever they are: read, written with their tag, tested, removed; and what sources hold.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { readLarge } from '../lib/exact-json';
import type { Everything, ObjectKind } from '../lib/uses';
import { answered, api, take, takeAll, takeWithTag, type Schemas, type Tagged } from './client';
import { activationsQuery, destinationsQuery, modelsQuery, segmentsQuery, sourcesQuery } from './queries';

export type Thing = { uid: string; name: string; [key: string]: unknown };

// The five kinds have the same routes; the types of one stand for all.
const listPath = (kind: ObjectKind) => `/api/v1/${kind}s` as '/api/v1/models';
const onePath = (kind: ObjectKind) => `/api/v1/${kind}s/{uid}` as '/api/v1/models/{uid}';
const checkPath = (kind: ObjectKind) => `/api/v1/${kind}s/{uid}/check` as '/api/v1/models/{uid}/check';

// What is written back, and keys that are shown, keep integers that no double holds.
const asText = { parseAs: 'text' } as const;
async function taggedThing(answer: Parameters<typeof takeWithTag<unknown>>[0]): Promise<Tagged<Thing>> {
  const { value, etag } = await takeWithTag(answer);
  return { value: readLarge(value as string) as Thing, etag };
}

export const readObject = (kind: ObjectKind, uid: string) => taggedThing(api.GET(onePath(kind), { params: { path: { uid } }, ...asText }));

export const objectQuery = (kind: ObjectKind, uid: string) => queryOptions({ queryKey: [`${kind}s`, uid], queryFn: () => readObject(kind, uid) });

export const makeObject = (kind: ObjectKind, body: Record<string, unknown>) => taggedThing(api.POST(listPath(kind), { body: body as never, ...asText }));

export const putObject = (kind: ObjectKind, uid: string, body: Record<string, unknown>, etag: string) =>
  taggedThing(api.PUT(onePath(kind), { params: { path: { uid }, header: { 'If-Match': etag } }, body: body as never, ...asText }));

export const removeObject = (kind: ObjectKind, uid: string) => take(api.DELETE(onePath(kind), { params: { path: { uid } } }));

export const checkObject = (kind: ObjectKind, uid: string) => take(api.POST(checkPath(kind), { params: { path: { uid } } }));

/** All that there is, for what is made of what. */
export const everythingQuery = queryOptions({
  queryKey: ['everything'],
  queryFn: async ({ client }): Promise<Everything> => {
    const [sources, models, segments, destinations, activations] = await Promise.all([
      client.fetchQuery(sourcesQuery),
      client.fetchQuery(modelsQuery),
      client.fetchQuery(segmentsQuery),
      client.fetchQuery(destinationsQuery),
      client.fetchQuery(activationsQuery),
    ]);
    return { sources, models, segments, destinations, activations } as unknown as Everything;
  },
});

/** Makes what was read of objects of a kind stale. */
export function useRenew() {
  const client = useQueryClient();
  return (kind: ObjectKind) =>
    Promise.all([client.invalidateQueries({ queryKey: [`${kind}s`] }), client.invalidateQueries({ queryKey: ['everything'] })]);
}

export function useMake(kind: ObjectKind) {
  const renew = useRenew();
  return useMutation({ mutationFn: (body: Record<string, unknown>) => makeObject(kind, body), onSuccess: () => renew(kind) });
}

// --- What sources hold.

export const tablesQuery = (uid: string) =>
  queryOptions({
    queryKey: ['sources', uid, 'tables'],
    queryFn: async ({ signal }) => (await take(api.GET('/api/v1/sources/{uid}/tables', { params: { path: { uid } }, signal }))).items,
    staleTime: 60_000,
    enabled: uid !== '',
  });

export type Look = Schemas['ModelPreview'];

/** What an unsaved model holds; with `key` also what its primary key is worth, which takes a look at all rows. */
export const lookQuery = (model: Record<string, unknown> | undefined, { key = false, limit = 10 } = {}) =>
  queryOptions({
    queryKey: ['look', model, key, limit],
    queryFn: async ({ signal }) =>
      readLarge(await take(api.POST('/api/v1/models/preview', { params: { query: { key, limit } }, body: model as Schemas['UnsavedModel'], ...asText, signal }))) as Look,
    enabled: model !== undefined,
    staleTime: 60_000,
  });

export const rowsQuery = (model: string, limit: number) =>
  queryOptions({
    queryKey: ['models', 'rows', model, limit],
    queryFn: async ({ signal }) =>
      readLarge(await take(api.POST('/api/v1/segments/preview', { params: { query: { limit } }, body: { model }, ...asText, signal }))) as Schemas['Preview'],
    staleTime: 30_000,
  });

// --- Files in the folder that the service owns.

export type UploadedFile = Schemas['File'];

export const filesQuery = queryOptions({
  queryKey: ['files'],
  queryFn: () => takeAll((cursor) => api.GET('/api/v1/files', { params: { query: { cursor, limit: 1000 } } })),
});

const piece = 4 << 20; // bytes of one request

/** In pieces, so that one that is cut off loses a piece alone; `told` hears how much is there. */
export async function uploadFile(file: File, told: (bytes: number) => void): Promise<UploadedFile> {
  let from = 0;
  for (;;) {
    const to = Math.min(from + piece, file.size);
    const more = to < file.size;
    const query = `name=${encodeURIComponent(file.name)}&from=${from}&more=${more}`;
    const headers = { 'Content-Type': 'application/octet-stream' };
    const sent = await answered(new Request(`/api/v1/files?${query}`, { method: 'POST', headers, body: file.slice(from, to) }));
    told(to);
    if (!more) return (await sent.json()) as UploadedFile;
    from = to;
  }
}
