import { Alert, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';

import { checkObject, makeObject, putObject, type Thing, useRenew } from '../../api/catalog';
import type { Schemas, Tagged } from '../../api/client';
import { asProblem } from '../../api/problem';
import { destinationsQuery, useMay } from '../../api/queries';
import { Findings } from '../../components/Findings';
import { LeaveGuard } from '../../components/LeaveGuard';
import { NotAllowed } from '../../components/NotAllowed';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { blankConnection, bodyOf, type Connection, lacks } from '../../lib/destinations';
import { ConnectionForm } from './ConnectionForm';

export default function NewDestination() {
  const navigate = useNavigate();
  const renew = useRenew();
  const mayEdit = useMay('editor');
  const taken = (useQuery(destinationsQuery).data ?? []).map((one) => one.name);
  const [edited, setForm] = useState<Connection>();
  const fresh = taken.includes('Iterable') ? `Iterable ${taken.length + 1}` : 'Iterable';
  const form = edited ?? { ...blankConnection, name: fresh };
  const [tried, setTried] = useState(false);
  const stored = useRef<Tagged<Thing>>(undefined);
  const [found, setFound] = useState<Schemas['Findings']>();
  const lack = lacks(form);
  const connecting = useMutation({
    mutationFn: async () => {
      setFound(undefined);
      const body = bodyOf(form);
      const before = stored.current;
      stored.current = before ? await putObject('destination', before.value.uid, body, '*') : await makeObject('destination', body);
      await renew('destination');
      const found = await checkObject('destination', stored.current.value.uid);
      setFound(found);
      if (found.ok) await navigate({ to: '/destinations/$uid', params: { uid: stored.current.value.uid }, search: { tab: 'defaults', new: 'yes' } as never, ignoreBlocker: true });
    },
  });
  const problem = connecting.isError ? asProblem(connecting.error) : undefined;
  const head = (
    <PageHead title="Connect Iterable" about="A destination is one Iterable project, and what Rollcall does there." up={{ to: '/destinations', label: 'Destinations' }} />
  );
  if (!mayEdit) return <NotAllowed head={head} what="To connect Iterable" />;
  return (
    <>
      {head}
      <LeaveGuard dirty={!connecting.isPending && !found?.ok && edited !== undefined && !stored.current} />
      <Paper
        component="form"
        noValidate
        withBorder
        p={{ base: 'md', sm: 'xl' }}
        maw={680}
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!lack) connecting.mutate();
        }}
      >
        <Stack>
          <ConnectionForm value={form} onChange={setForm} problem={problem} />
          {tried && lack && (
            <Alert color="red" variant="light" role="alert">
              {lack}
            </Alert>
          )}
          {problem && <Problem error={problem} />}
          {found && !found.ok && (
            <>
              <Findings found={found} about={form.name} />
              <Text size="sm">The destination is kept under this name, and can be corrected here and now or later.</Text>
            </>
          )}
          <Group justify="flex-end">
            {found && !found.ok && stored.current && (
              <Button variant="default" onClick={() => void navigate({ to: '/destinations/$uid', params: { uid: stored.current!.value.uid }, ignoreBlocker: true })}>
                Correct it later
              </Button>
            )}
            <Button type="submit" loading={connecting.isPending}>
              {found && !found.ok ? 'Try again' : 'Connect and test'}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </>
  );
}
