import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { destinationsQuery, useMay } from '../../api/queries';
import { FormPaper } from '../../components/FormPaper';
import { LeaveGuard } from '../../components/LeaveGuard';
import { NotAllowed } from '../../components/NotAllowed';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { ConnectFoot, useConnect } from '../../components/useConnect';
import { blankConnection, bodyOf, type Connection, lacks } from '../../lib/destinations';
import { ConnectionForm } from './ConnectionForm';

export default function NewDestination() {
  const mayEdit = useMay('editor');
  const taken = (useQuery(destinationsQuery).data ?? []).map((one) => one.name);
  const [edited, setForm] = useState<Connection>();
  const fresh = taken.includes('Iterable') ? `Iterable ${taken.length + 1}` : 'Iterable';
  const form = edited ?? { ...blankConnection, name: fresh };
  const [tried, setTried] = useState(false);
  const lack = lacks(form);
  const connecting = useConnect('destination', () => bodyOf(form), { tab: 'defaults', new: 'yes' });
  const { problem } = connecting;
  const head = (
    <PageHead title="Connect Iterable" about="A destination is one Iterable project, and what Rollcall does there." up={{ to: '/destinations', label: 'Destinations' }} />
  );
  if (!mayEdit) return <NotAllowed head={head} what="To connect Iterable" />;
  return (
    <>
      {head}
      <LeaveGuard dirty={!connecting.isConnecting && !connecting.isWell && edited !== undefined && !connecting.isStored} />
      <FormPaper
        onSubmit={() => {
          setTried(true);
          if (!lack) connecting.connect();
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
          <ConnectFoot kind="destination" name={form.name} connecting={connecting} />
        </Stack>
      </FormPaper>
    </>
  );
}
