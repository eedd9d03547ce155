import { Badge } from '@mantine/core';

import type { State } from '../lib/state';

const colors: Record<State, string> = {
  Healthy: 'green',
  Running: 'blue',
  Waiting: 'blue',
  Paused: 'gray',
  Resting: 'orange',
  Stopped: 'orange',
  Failed: 'red',
  Late: 'orange',
};

export function StateBadge({ state }: { state: State }) {
  return (
    <Badge color={colors[state]} variant="dot" size="lg" radius="sm" tt="none" fw={600} style={{ flexShrink: 0 }}>
      {state}
    </Badge>
  );
}
