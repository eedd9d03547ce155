import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

// The head of every page: its one h1, a line that says what it is for, and what one does here.
export function PageHead({
  title,
  about,
  state,
  actions,
  up,
}: {
  title: string;
  about?: ReactNode;
  state?: ReactNode;
  actions?: ReactNode;
  up?: { to: string; label: string };
}) {
  useDocumentTitle(`${title} · Rollcall`);
  return (
    <Stack gap={4} mb="lg">
      {up && (
        <Breadcrumbs>
          <Anchor component={Link} to={up.to} size="sm">
            {up.label}
          </Anchor>
          <Text size="sm" c="dimmed" truncate lh={1.5}>
            {title}
          </Text>
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Group gap="sm" align="center" miw={0} style={{ flex: '1 1 16rem' }}>
          <Title order={1} dir="auto" style={{ minWidth: 0 }}>
            {title}
          </Title>
          {state}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {about && (
        <Text c="dimmed" maw={720} component="div">
          {about}
        </Text>
      )}
    </Stack>
  );
}
