import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { sqlQuery } from '../../api/segments';
import type { Unsaved } from '../../api/segments';
import { Loaded } from '../../components/Loading';

export function Sql({ segment }: { segment: Unsaved }) {
  const sql = useQuery(sqlQuery(segment));
  return (
    <Loaded query={sql}>
      {(data) => (
        <Stack gap="xs">
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              The query that the rule becomes, for the source <bdi>{data.source}</bdi>. It gives the primary keys of the people.
            </Text>
            <CopyButton value={data.sql}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Code block tabIndex={0} aria-label="SQL" mah={480} style={{ overflow: 'auto' }}>
            {data.sql}
          </Code>
        </Stack>
      )}
    </Loaded>
  );
}
