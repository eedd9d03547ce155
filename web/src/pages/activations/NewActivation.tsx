import { Button, Divider, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { useRenewActivations } from '../../api/activations';
import { makeObject } from '../../api/catalog';
import { api, take } from '../../api/client';
import { destinationsQuery, segmentsQuery, useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Waiting } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { bodyOf, defaultsInWords, newDraft } from '../../lib/activation';
import type { ActivationBody, ActivationDraft, Defaults } from '../../lib/activation';
import { zone } from '../../lib/time';
import { ActivationForm, Pair, useMapped } from './ActivationForm';
import { ButtonTo } from '../../components/links';

// With the destination's defaults: one click.
function OneClick({ segment, destination, defaults }: { segment: { uid: string; name: string }; destination: { uid: string; name: string }; defaults: Defaults }) {
  const navigate = useNavigate();
  const renew = useRenewActivations();
  const activate = useMutation({
    mutationFn: () =>
      take(api.POST('/api/v1/segments/{uid}/activate', { params: { path: { uid: segment.uid } }, body: { destination: destination.uid, run: true } })),
    onSuccess: async (made) => {
      await renew();
      await navigate({ to: '/activations/$uid', params: { uid: made.uid }, search: { saved: 'active' } });
    },
  });
  return (
    <Paper withBorder p="lg" maw={860} component="section" aria-label="With one click">
      <Stack gap="sm">
        <Title order={2}>With one click</Title>
        <Text size="sm">By the default settings of {destination.name}:</Text>
        <List size="sm">
          {defaultsInWords(segment.name, destination.name, defaults).map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
        {activate.isError && <Problem error={activate.error} />}
        <Group>
          <Button loading={activate.isPending} onClick={() => activate.mutate()}>
            Activate now
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Form({ segment, destination, defaults }: { segment: string; destination: string; defaults?: Defaults }) {
  const navigate = useNavigate();
  const renew = useRenewActivations();
  const { model, destination: at, fields } = useMapped(segment, destination);
  const [draft, setDraft] = useState<ActivationDraft>();
  const save = useMutation({
    mutationFn: (body: ActivationBody) => makeObject('activation', body),
    onSuccess: async (made) => {
      await renew();
      await navigate({ to: '/activations/$uid', params: { uid: made.value.uid }, search: { tab: 'plan' }, ignoreBlocker: true });
    },
  });
  if (fields.isError) return <Problem error={fields.error} />;
  if (!fields.data || !at) return <Waiting lines={6} />;
  const shown = draft ?? newDraft(segment, destination, defaults, fields.data.items, zone(), model?.primary_key, at.project_type);
  return (
    <>
      <LeaveGuard dirty={draft !== undefined} />
      <ActivationForm
        draft={shown}
        onChange={setDraft}
        hasList={false}
        error={save.error}
        actions={(ready) => (
          <Group>
            <Button disabled={!ready} loading={save.isPending} onClick={() => save.mutate({ ...bodyOf(shown), paused: true })}>
              Save and preview
            </Button>
            <Text size="sm" c="dimmed">
              Nothing is sent yet: you see who enters the list first.
            </Text>
          </Group>
        )}
      />
    </>
  );
}

export default function NewActivation() {
  const search = useSearch({ from: '/shell/activations/new' });
  const navigate = useNavigate();
  const segments = useQuery(segmentsQuery);
  const destinations = useQuery(destinationsQuery);
  const mayEdit = useMay('editor');
  const head = (
    <PageHead
      up={{ to: '/activations', label: 'Activations' }}
      title="New activation"
      about="A segment becomes a contact list in Iterable, and the list is kept equal to it."
    />
  );
  if (!mayEdit)
    return (
      <>
        {head}
        <Empty title="You may look, but not change">To activate a segment you need the role editor; an admin of Rollcall gives it.</Empty>
      </>
    );
  if (segments.isError || destinations.isError) return <Problem error={segments.error ?? destinations.error} />;
  if (!segments.data || !destinations.data)
    return (
      <>
        {head}
        <Waiting />
      </>
    );
  if (segments.data.length === 0)
    return (
      <>
        {head}
        <Empty title="First, a segment" action={<ButtonTo to="/segments/new">Build a segment</ButtonTo>}>
          An activation sends a segment’s people to a list. There is no segment yet.
        </Empty>
      </>
    );
  if (destinations.data.length === 0)
    return (
      <>
        {head}
        <Empty title="First, a destination" action={<ButtonTo to="/destinations/new">Connect Iterable</ButtonTo>}>
          An activation needs to know where the list is to be. No Iterable project is connected yet.
        </Empty>
      </>
    );
  // By uid or by name: links from elsewhere have the one or the other.
  const segment = segments.data.find((one) => one.uid === search.segment || one.name === search.segment);
  const destination =
    destinations.data.find((one) => one.uid === search.destination || one.name === search.destination) ??
    (destinations.data.length === 1 ? destinations.data[0] : undefined);
  const choose = (pair: { segment: string; destination: string }) =>
    navigate({
      to: '/activations/new',
      search: {
        segment: segments.data.find((one) => one.name === pair.segment)?.uid,
        destination: destinations.data.find((one) => one.name === pair.destination)?.uid,
      },
      replace: true,
    });
  const defaults = destination?.defaults as Defaults | undefined;
  const fits = defaults && segment && (!defaults.model || defaults.model === segment.model) && defaults.match_key ? defaults : undefined;
  return (
    <>
      {head}
      <Pair segment={segment?.name ?? ''} destination={destination?.name ?? ''} onChange={choose} />
      {segment && destination && (
        <Stack gap="xl">
          {fits && (
            <>
              <OneClick segment={segment} destination={destination} defaults={fits} />
              <Divider label="or set it up yourself" maw={860} />
            </>
          )}
          <Form key={`${segment.uid}/${destination.uid}`} segment={segment.name} destination={destination.name} defaults={fits} />
        </Stack>
      )}
    </>
  );
}
