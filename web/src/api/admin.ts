// What admins ask for: users, tokens, channels of alerts, the log.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { api, take, takeAll } from './client';

const limit = 1000;

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => takeAll((cursor) => api.GET('/api/v1/users', { params: { query: { limit, cursor } }, signal })),
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) =>
    takeAll((cursor) => api.GET('/api/v1/tokens', { params: { query: { limit, cursor } }, signal })),
});

export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) =>
    takeAll((cursor) => api.GET('/api/v1/alerts', { params: { query: { limit, cursor } }, signal })),
  refetchInterval: 30_000, // a delivery that fails shows by itself
});

// `from` and `to` are times in UTC; what is not given is not asked for.
export interface LogFilter {
  who?: string;
  action?: string;
  kind?: string;
  uid?: string;
  from?: string;
  to?: string;
}

const logPage = (filter: LogFilter, cursor: string | undefined, limit: number, signal?: AbortSignal) =>
  api.GET('/api/v1/log', { params: { query: { ...filter, limit, cursor } }, ...(signal ? { signal } : {}) });

export const logQuery = (filter: LogFilter) =>
  infiniteQueryOptions({
    queryKey: ['log', filter],
    queryFn: ({ pageParam, signal }) => take(logPage(filter, pageParam, 100, signal)),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const allOfLog = (filter: LogFilter) => takeAll((cursor) => logPage(filter, cursor, 1000));

export const readyQuery = queryOptions({
  queryKey: ['ready'],
  queryFn: () => take(api.GET('/api/v1/ready')),
  refetchInterval: 15_000,
  retry: false,
});

// The identity provider to sign in by, where there is one.
export const waysInQuery = queryOptions({
  queryKey: ['ways in'],
  queryFn: () => take(api.GET('/api/v1/sign-in')),
  staleTime: Infinity,
});
