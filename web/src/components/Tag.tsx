import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

// A word or two about something, beside its name. Letters in the colour itself have too little contrast.
export function Tag({ color = 'gray', children }: { color?: string; children: ReactNode }) {
  return (
    <Badge color={color} c="var(--mantine-color-text)" variant="light" radius="sm" tt="none" fw={600} style={{ flexShrink: 0 }}>
      {children}
    </Badge>
  );
}
