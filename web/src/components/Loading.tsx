import { Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Problem } from './Problem';

// As high as what comes, so that nothing jumps when it does.
export function Waiting({ lines = 4 }: { lines?: number }) {
  return (
    <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={36} animate={false} />
      ))}
    </Stack>
  );
}

// The answer of a query, when it is there; why it is not, when it fails. What was read before stays
// in sight while it is read again.
export function Loaded<T>({ query, lines, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined)
    return (
      <>
        {query.isError && <Problem error={query.error} title="This may be old: reading it again failed" />}
        {children(query.data)}
      </>
    );
  if (query.isError) return <Problem error={query.error} />;
  return <Waiting lines={lines} />;
}
