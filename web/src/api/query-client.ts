import { QueryClient } from '@tanstack/react-query';

import { asProblem } from './problem';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A service that restarts is waited for; what it refuses is not asked twice.
      retry: (times, error) => times < 5 && [0, 502, 503].includes(asProblem(error).status) && error.code !== 'unreachable',
      retryDelay: (times) => Math.min(500 * 2 ** times, 5_000),
    },
  },
});
