import { Badge } from '@mantine/core';

import type { Schemas } from '../api/client';

type Status = Schemas['RunStatus'];

export const runWords: Record<Status, string> = {
  running: 'Running',
  completed: 'Completed',
  completed_with_rejects: 'Completed, some refused',
  stopped: 'Stopped by the guard',
  failed: 'Failed',
  interrupted: 'Interrupted',
};
const colors: Record<Status, string> = {
  running: 'blue',
  completed: 'green',
  completed_with_rejects: 'yellow',
  stopped: 'orange',
  failed: 'red',
  interrupted: 'gray',
};

// How a run ended.
export function RunBadge({ status }: { status: Status }) {
  return (
    <Badge color={colors[status]} variant="dot" radius="sm" tt="none" fw={600} style={{ flexShrink: 0 }}>
      {runWords[status]}
    </Badge>
  );
}
