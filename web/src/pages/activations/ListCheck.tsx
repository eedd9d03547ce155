import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { audited, useAct } from '../../api/activations';
import type { Audit, Status } from '../../api/activations';
import { Confirm } from '../../components/Confirm';
import { KeyValue } from '../../components/KeyValue';
import { PeopleTable } from '../../components/PeopleTable';
import { Problem } from '../../components/Problem';
import { When } from '../../components/When';
import { differenceInWords } from '../../lib/numbers';
import { count, people } from '../../lib/words';
import { AskedProgress, useAsked } from './PlanPreview';

const kinds = { missing: 'Should be on it', extra: 'Should be off it', foreign: 'Added by somebody else' };

// The list as Iterable has it now, beside what it should be; mended only when asked for.
export function ListCheck({ status }: { status: Status }) {
  const uid = status.uid;
  const asked = useAsked<Audit>((signal) => audited(uid, signal));
  const act = useAct(uid);
  const navigate = useNavigate();
  const [repairs, setRepairs] = useState(false);
  const { begin } = asked;
  useEffect(() => {
    if (status.list) void begin();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [uid]);
  if (!status.list) return <Text>There is no list yet: the first run makes it.</Text>;
  const found = asked.result;
  const wrong = found ? found.missing + found.extra : 0;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2}>Iterable’s list beside Rollcall’s</Title>
        <Group>
          {wrong > 0 && <Button onClick={() => setRepairs(true)}>Repair</Button>}
          <Button variant="default" size="xs" disabled={!!asked.progress} onClick={() => void begin()}>
            Read it again
          </Button>
        </Group>
      </Group>
      {asked.error && <Problem error={asked.error} />}
      {asked.progress && <AskedProgress progress={asked.progress} stop={asked.stop} />}
      {found && (
        <>
          <Text fw={600}>{differenceInWords(found)}</Text>
          <KeyValue
            pairs={[
              ['On Iterable’s list', count(found.listed)],
              ['As Rollcall expects', count(found.expected)],
              ['Should be on it', count(found.missing)],
              ['Should be off it', count(found.extra)],
              ['Added by somebody else', count(found.foreign)],
              ['Read', <When at={found.read_at} />],
            ]}
          />
          {found.warnings.map((warning, i) => (
            <Text key={i} size="sm">
              {warning}
            </Text>
          ))}
          {found.people.length > 0 && (
            <PeopleTable
              label="People who are not where they should be"
              heads={[
                { key: 'key', label: 'Person' },
                { key: 'kind', label: 'What is wrong' },
                { key: 'why', label: 'Why' },
              ]}
              rows={found.people.map((one, i) => ({ key: `${one.key}/${i}`, values: { key: one.key, kind: kinds[one.kind], why: one.why } }))}
            />
          )}
          {!found.people_complete && (
            <Text size="sm" c="dimmed">
              Not everybody is named here: the first of each kind.
            </Text>
          )}
        </>
      )}
      <Confirm
        opened={repairs}
        title="Repair the list?"
        verb="Repair"
        danger={false}
        onClose={() => setRepairs(false)}
        onConfirm={async () => {
          await act.run.mutateAsync({ repair: true });
          await navigate({ to: '/activations/$uid', params: { uid }, search: {} });
        }}
      >
        A run begins that reads the list, adds {people(found?.missing ?? 0)} who should be on it and removes {people(found?.extra ?? 0)} who should be off it. Whom
        somebody else added {status.paused ? 'stays' : 'is treated as the settings say'}.
      </Confirm>
    </Stack>
  );
}
