// How many people a card matches by itself.
import { Loader, Text, Tooltip } from '@mantine/core';

import { clock } from '../lib/time';
import { count } from '../lib/words';
import type { CountState } from './counts';

export function Count({ state, of }: { state: CountState | undefined; of: string }) {
  if (!state) return null;
  switch (state.state) {
    case 'waiting':
    case 'counting':
      return <Loader size="xs" aria-label="Counting" role="status" />;
    case 'stopped':
      return null;
    case 'failed':
      return (
        <Text size="xs" c="dimmed">
          not counted
        </Text>
      );
    case 'counted':
      return (
        <Tooltip label={`People who match this by itself, counted ${clock(state.at.toISOString())}`}>
          <Text size="sm" className="numbers" style={{ whiteSpace: 'nowrap' }} data-testid="card-count">
            <b>{count(state.members)}</b> {of}
          </Text>
        </Tooltip>
      );
  }
}
