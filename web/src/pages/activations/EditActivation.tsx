import { Button, Group } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';

import { activationStatusQuery, useRenewActivations } from '../../api/activations';
import { objectQuery } from '../../api/catalog';
import type { Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { useEdit } from '../../components/useEdit';
import { bodyOf, draftOf } from '../../lib/activation';
import type { ActivationBody, ActivationDraft } from '../../lib/activation';
import { zone } from '../../lib/time';
import { ActivationForm } from './ActivationForm';

function Editor({ read }: { read: Tagged<Thing> }) {
  const uid = read.value.uid;
  const navigate = useNavigate();
  const renew = useRenewActivations();
  const edit = useEdit('activation', uid);
  const status = useQuery(activationStatusQuery(uid));
  // What was read when the editing began: a change of somebody else's in between must show.
  const [base] = useState(read);
  const body = base.value as unknown as ActivationBody;
  const [draft, setDraft] = useState<ActivationDraft>();
  const shown = draft ?? draftOf(body, zone());
  const save = useMutation({
    mutationFn: () => edit.save(base, bodyOf(shown, body)),
    onSuccess: async () => {
      await renew();
      const isNew = status.data?.state === 'never_run' && status.data.paused;
      await navigate({ to: '/activations/$uid', params: { uid }, search: isNew ? { tab: 'plan' } : { saved: 'changed' }, ignoreBlocker: true });
    },
  });
  return (
    <>
      <LeaveGuard dirty={draft !== undefined} />
      {edit.choice}
      <ActivationForm
        draft={shown}
        onChange={setDraft}
        hasList={!!status.data?.list}
        error={save.error}
        actions={(ready) => (
          <Group>
            <Button disabled={!ready} loading={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
            <Button variant="default" onClick={() => navigate({ to: '/activations/$uid', params: { uid } })}>
              Cancel
            </Button>
          </Group>
        )}
      />
    </>
  );
}

export default function EditActivation() {
  const { uid } = useParams({ from: '/shell/activations/$uid/edit' });
  const activation = useQuery(objectQuery('activation', uid));
  return (
    <Loaded query={activation} lines={8}>
      {(read) => (
        <>
          <PageHead
            up={{ to: '/activations', label: 'Activations' }}
            title={`Edit ${read.value.name}`}
            about={`${String(read.value.segment)} → ${String(read.value.destination)}. What you change holds from the next run on.`}
          />
          <Editor read={read} />
        </>
      )}
    </Loaded>
  );
}
