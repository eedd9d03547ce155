import { Button, Group, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { rejectsCsv, rejectsQuery } from '../../api/activations';
import type { RejectKind, Run } from '../../api/activations';
import { useMay } from '../../api/queries';
import { Loaded } from '../../components/Loading';
import { PeopleTable } from '../../components/PeopleTable';
import { When } from '../../components/When';
import { partsOf, reasonOf } from '../../lib/numbers';
import { count } from '../../lib/words';
import { LinkTo } from '../../components/links';

function People({ run, kind }: { run: Run; kind: RejectKind }) {
  const rejects = useQuery(rejectsQuery(run.uid, kind));
  return (
    <Stack gap="sm" pt="sm">
      <Group justify="space-between" align="flex-start">
        <Text size="sm" maw={620}>
          {reasonOf(kind).why}
        </Text>
        <Button component="a" href={rejectsCsv(run.uid, kind)} download={`${run.activation}, ${kind}.csv`} variant="default" size="xs">
          Download all as CSV
        </Button>
      </Group>
      <Loaded query={rejects} lines={4}>
        {(found) => (
          <>
            <PeopleTable
              label={`${reasonOf(kind).label}: people`}
              heads={[
                { key: 'key', label: 'Match key' },
                { key: 'primary', label: 'Primary key' },
                { key: 'reason', label: 'Reason' },
                { key: 'since', label: 'Since' },
              ]}
              rows={found.items.map((one, i) => ({
                key: `${one.key ?? ''}/${one.primary_key ?? ''}/${i}`,
                values: {
                  key: one.key ? (
                    <LinkTo to="/people" search={{ key: one.key }}>
                      {one.key}
                    </LinkTo>
                  ) : undefined,
                  primary: one.primary_key ?? undefined,
                  reason: one.reason ?? reasonOf(one.kind).label,
                  since: <When at={one.since} />,
                },
              }))}
            />
            {!found.complete && (
              <Text size="sm" c="dimmed">
                The first {count(found.items.length)}; the CSV has everybody.
              </Text>
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

// Who is not where they should be after a run, reason by reason.
export function Rejects({ run, first }: { run: Run; first?: string }) {
  const parts = partsOf(run.standing, run.segment);
  const mayOperate = useMay('operator');
  const [kind, setKind] = useState(first);
  if (parts.length === 0) return <Text>Everybody of the segment is on the list, and nobody else of it.</Text>;
  const chosen = parts.find((one) => one.kind === kind) ?? parts[0]!;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h3" mb="sm">
        Who is left out, and why
      </Title>
      {mayOperate ? (
        <Tabs value={chosen.kind} onChange={(value) => setKind(value ?? undefined)} keepMounted={false}>
          <Tabs.List aria-label="Reasons">
            {parts.map((one) => (
              <Tabs.Tab key={one.kind} value={one.kind}>
                {one.label} ({count(one.people)})
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {parts.map((one) => (
            <Tabs.Panel key={one.kind} value={one.kind}>
              <People run={run} kind={one.kind as RejectKind} />
            </Tabs.Panel>
          ))}
        </Tabs>
      ) : (
        <Text size="sm">To see people by name you need the role operator; ask an admin of Rollcall.</Text>
      )}
    </Paper>
  );
}
