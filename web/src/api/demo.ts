// The demo shop: a shop to look around in, whose Iterable is simulated on the machine of the service.
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api, take } from './client';
import type { Schemas } from './client';

export type Demo = Schemas['Demo'];

export const demoQuery = queryOptions({
  queryKey: ['demo'],
  queryFn: ({ signal }) => take(api.GET('/api/v1/demo', { signal })),
  staleTime: 10_000,
});

// What is done to it changes objects of all kinds.
export function useDemo() {
  const client = useQueryClient();
  const renew = { onSettled: () => client.invalidateQueries() };
  return {
    make: useMutation({ mutationFn: () => take(api.POST('/api/v1/demo')), ...renew }),
    passDay: useMutation({ mutationFn: () => take(api.POST('/api/v1/demo/days', { body: { run: true } })), ...renew }),
    remove: useMutation({ mutationFn: () => take(api.DELETE('/api/v1/demo')), ...renew }),
  };
}
