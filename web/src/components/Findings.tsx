import { Alert, Group, List, Stack, Text } from '@mantine/core';

import type { Schemas } from '../api/client';

const looks = { ok: { color: 'green', word: 'Fine' }, warning: { color: 'yellow', word: 'Look at this' }, problem: { color: 'red', word: 'Problem' } } as const;

/** What a test found: problems first, each with its cause and what to do. `about`: what all is well with. */
export function Findings({ found, about }: { found: Schemas['Findings']; about: string }) {
  const told = found.findings.filter((one) => one.level !== 'ok');
  const fine = found.findings.filter((one) => one.level === 'ok' && one.message);
  return (
    <Stack gap="sm" role="status">
      {told
        .toSorted((a, b) => Number(b.level === 'problem') - Number(a.level === 'problem'))
        .map((one, i) => (
          <Alert key={i} color={looks[one.level].color} variant="light" title={looks[one.level].word}>
            <Text size="sm" dir="auto">
              {one.message}
            </Text>
            {one.remedy && (
              <Text size="sm" fw={600} mt={4}>
                {one.remedy}
              </Text>
            )}
          </Alert>
        ))}
      {found.ok && (
        <Alert color="green" variant="light" title={`${about} works`}>
          {fine.length > 0 && (
            <List size="sm" spacing={2}>
              {fine.map((one, i) => (
                <List.Item key={i}>{one.message}</List.Item>
              ))}
            </List>
          )}
        </Alert>
      )}
      {!found.ok && fine.length > 0 && (
        <Group gap={6}>
          <Text size="sm" c="dimmed">
            Fine: {fine.map((one) => one.message).join('; ')}
          </Text>
        </Group>
      )}
    </Stack>
  );
}
