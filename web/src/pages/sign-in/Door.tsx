import { Center, Group, Paper, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

// The frame of what is seen before signing in.
export function Door({ title, children }: { title: string; children: ReactNode }) {
  useDocumentTitle(`${title} · Rollcall`);
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400}>
        <Group gap={8} mb="md">
          <img src="/icon.svg" alt="" width={26} height={26} />
          <Text fw={700}>Rollcall</Text>
        </Group>
        <Title order={1} size="h2" mb="md">
          {title}
        </Title>
        {children}
      </Paper>
    </Center>
  );
}
