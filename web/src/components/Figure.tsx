import { Paper, Text } from '@mantine/core';

import { count } from '../lib/words';

/** A number to be seen from afar, under its name; `hint` says what belongs to it. */
export function Figure({ label, n, hint }: { label: string; n: number; hint?: string | undefined }) {
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} className="numbers" lh={1.2}>
        {count(n)}
      </Text>
      {hint && (
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
      )}
    </Paper>
  );
}
