// What the pages ask for, by subject. The first word of a key is the subject, so that
// `invalidateQueries({queryKey: ['segments']})` renews all of it.
import { queryOptions, useQuery } from '@tanstack/react-query';

import { api, bearCsrf, take, takeAll, takeWithTag } from './client';
import type { Schemas } from './client';
import { Problem } from './problem';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    try {
      const session = await take(api.GET('/api/v1/session'));
      bearCsrf(session);
      return session;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null; // nobody is signed in
      throw error;
    }
  },
  staleTime: 60_000,
});

const roles: Schemas['Role'][] = ['viewer', 'operator', 'editor', 'admin'];

// Whether whoever is signed in may do what needs this role.
export function useMay(needs: Schemas['Role']): boolean {
  const session = useQuery(sessionQuery).data;
  return !!session && roles.indexOf(session.role) >= roles.indexOf(needs);
}

export const metaQuery = queryOptions({
  queryKey: ['meta'],
  queryFn: () => take(api.GET('/api/v1/meta')),
  staleTime: Infinity,
});

// --- Objects of the catalog: `…sQuery` for all, `…Query(uid)` for one with its tag.

const limit = 1000;

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/sources', { params: { query: { limit, cursor } }, signal })),
});
export const sourceQuery = (uid: string) =>
  queryOptions({
    queryKey: ['sources', uid],
    queryFn: () => takeWithTag(api.GET('/api/v1/sources/{uid}', { params: { path: { uid } } })),
  });

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/models', { params: { query: { limit, cursor } }, signal })),
});
export const modelFieldsQuery = (uid: string) =>
  queryOptions({
    queryKey: ['models', uid, 'fields'],
    queryFn: () => take(api.GET('/api/v1/models/{uid}/fields', { params: { path: { uid } } })),
    staleTime: 60_000,
  });

export const segmentsQuery = queryOptions({
  queryKey: ['segments'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/segments', { params: { query: { limit, cursor } }, signal })),
});
export const segmentQuery = (uid: string) =>
  queryOptions({
    queryKey: ['segments', uid],
    queryFn: () => takeWithTag(api.GET('/api/v1/segments/{uid}', { params: { path: { uid } } })),
  });

export const destinationsQuery = queryOptions({
  queryKey: ['destinations'],
  queryFn: ({ signal }) =>
    takeAll((cursor) => api.GET('/api/v1/destinations', { params: { query: { limit, cursor } }, signal })),
});
export const destinationQuery = (uid: string) =>
  queryOptions({
    queryKey: ['destinations', uid],
    queryFn: () => takeWithTag(api.GET('/api/v1/destinations/{uid}', { params: { path: { uid } } })),
  });
export const destinationFieldsQuery = (uid: string) =>
  queryOptions({
    queryKey: ['destinations', uid, 'fields'],
    queryFn: () => take(api.GET('/api/v1/destinations/{uid}/fields', { params: { path: { uid } } })),
    staleTime: 60_000,
  });

export const activationsQuery = queryOptions({
  queryKey: ['activations'],
  queryFn: ({ signal }) =>
    takeAll((cursor) => api.GET('/api/v1/activations', { params: { query: { limit, cursor } }, signal })),
});
export const activationQuery = (uid: string) =>
  queryOptions({
    queryKey: ['activations', uid],
    queryFn: () => takeWithTag(api.GET('/api/v1/activations/{uid}', { params: { path: { uid } } })),
  });
