import { Alert, Button, Group, Progress, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { everythingQuery, objectQuery, type Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { asProblem } from '../../api/problem';
import { destinationFieldsQuery, useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { KeyValue } from '../../components/KeyValue';
import { FormPaper } from '../../components/FormPaper';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { NextStep } from '../../components/NextStep';
import { ObjectActions, Tested, useTest } from '../../components/ObjectActions';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RemoveObject, Uses } from '../../components/RemoveObject';
import { useEdit } from '../../components/useEdit';
import { bodyOf, connectionOf, type Destination as Stored, lacks, projectTypes, regions, services } from '../../lib/destinations';
import { typeInWords } from '../../lib/mapping';
import { usesOf } from '../../lib/uses';
import { count } from '../../lib/words';
import { ConnectionForm } from './ConnectionForm';
import { DefaultsForm } from './DefaultsForm';
import { Exclusions } from './Exclusions';

function EditConnection({ stored, onDone }: { stored: Tagged<Thing>; onDone: (changed: boolean) => void }) {
  const edit = useEdit('destination', stored.value.uid);
  const [base] = useState(stored);
  const start = connectionOf(base.value as Stored);
  const [form, setForm] = useState(start);
  const dirty = JSON.stringify(form) !== JSON.stringify(start);
  const lack = lacks(form);
  const saving = useMutation({ mutationFn: () => edit.save(base, bodyOf(form, base.value as Stored)), onSuccess: () => onDone(true) });
  const problem = saving.isError ? asProblem(saving.error) : undefined;
  return (
    <FormPaper
      onSubmit={() => {
        if (!lack) saving.mutate();
      }}
    >
      <LeaveGuard dirty={dirty && !saving.isPending && !saving.isSuccess} />
      {edit.choice}
      <Stack>
        <ConnectionForm value={form} onChange={setForm} problem={problem} />
        {form.project_type !== start.project_type && (
          <Alert color="yellow" variant="light">
            The project type says by what people are told apart. Change it only to correct a mistake: Iterable never changes it.
          </Alert>
        )}
        {lack && (
          <Text size="sm" c="var(--mantine-color-error)">
            {lack}
          </Text>
        )}
        {problem && <Problem error={problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onDone(false)}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending} disabled={!dirty || lack !== undefined}>
            Save and test
          </Button>
        </Group>
      </Stack>
    </FormPaper>
  );
}

function Connection({ destination }: { destination: Stored }) {
  const text = (all: { value: string; label: string }[], value: string | undefined) => all.find((one) => one.value === value)?.label ?? value ?? '';
  return (
    <KeyValue
      pairs={[
        ['Service', text(services, destination.service ?? 'contact_lists')],
        ['Region', text(regions, destination.region ?? 'us')],
        ...(destination.base_url ? [['Another address', destination.base_url] as [string, string]] : []),
        ['Project type', text(projectTypes, destination.project_type ?? 'hybrid')],
        ['API key', destination.api_key === undefined ? 'None' : 'Stored, never shown again'],
        ['Shows a write within', destination.settle ?? '60s'],
        ['Who is a contact is found', destination.proof?.by === 'fastest' ? 'the fastest way' : 'by looking everybody up'],
      ]}
    />
  );
}

// Nested ones counted. Source: docs/facts/iterable.md, field limit.
const fieldsMax = 1000;

function IterableFields({ uid }: { uid: string }) {
  const query = useQuery({ ...destinationFieldsQuery(uid), retry: false });
  const [search, setSearch] = useState('');
  return (
    <Loaded query={query}>
      {({ items }) => {
        const found = items.filter((one) => one.name.toLowerCase().includes(search.trim().toLowerCase()));
        return (
          <Stack>
            <Group justify="space-between">
              <Stack gap={4} miw={0} flex={1} maw={620}>
                <Text c="dimmed">
                  {count(items.length)} of the {count(fieldsMax)} fields that a project may have, as Iterable has them now. A field’s type
                  never changes there, and no field can be taken away.
                </Text>
                <Progress
                  value={(100 * items.length) / fieldsMax}
                  color={items.length > 0.9 * fieldsMax ? 'orange' : undefined}
                  aria-label="Fields in use"
                />
              </Stack>
              <Group gap="xs">
                <TextInput aria-label="Search fields" placeholder="Search fields" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
                <Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
                  Read again
                </Button>
              </Group>
            </Group>
            {found.length === 0 ? (
              <Text c="dimmed">No field is named so.</Text>
            ) : (
              <Listing
                label="Fields in Iterable"
                rows={found}
                rowKey={(one) => one.name}
                columns={[
                  { head: 'Field', cell: (one) => <b dir="auto">{one.name}</b> },
                  { head: 'Type', cell: (one) => typeInWords(one.type) },
                ]}
              />
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}

export default function Destination() {
  const { uid } = useParams({ strict: false }) as { uid: string };
  const { tab = 'connection', new: fresh } = useSearch({ strict: false }) as { tab?: string; new?: string };
  const navigate = useNavigate();
  const mayEdit = useMay('editor');
  const query = useQuery(objectQuery('destination', uid));
  const all = useQuery(everythingQuery).data;
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const test = useTest('destination', uid);
  return (
    <Loaded query={query}>
      {(stored) => {
        const destination = stored.value as Stored;
        const uses = all ? usesOf('destination', destination.name, all) : [];
        return (
          <>
            <PageHead
              title={destination.name}
              up={{ to: '/destinations', label: 'Destinations' }}
              about="Export contact lists to Iterable"
              actions={<ObjectActions test={test} onRemove={() => setRemoving(true)} />}
            />
            {fresh && (
              <Alert color="green" variant="light" mb="lg" title="Connected: the key works">
                Say below how segments are activated here by one click, or do so later.
              </Alert>
            )}
            {!fresh && <NextStep done="destination" />}
            <RemoveObject
              kind="destination"
              object={destination}
              opened={removing}
              onClose={() => setRemoving(false)}
              onRemoved={() => void navigate({ to: '/destinations' })}
            >
              <Text>Rollcall forgets this project and its key. What is in Iterable, lists of archived activations among it, stays as it is.</Text>
            </RemoveObject>
            {(test.isError || test.data) && (
              <Stack mb="lg">
                <Tested test={test} about={destination.name} />
              </Stack>
            )}
            <Tabs
              value={tab}
              onChange={(next) => void navigate({ to: '/destinations/$uid', params: { uid }, search: { tab: next ?? undefined } as never, replace: true })}
              keepMounted={false}
            >
              <Tabs.List mb="md">
                <Tabs.Tab value="connection">Connection</Tabs.Tab>
                <Tabs.Tab value="defaults">Default activation settings</Tabs.Tab>
                <Tabs.Tab value="exclusions">Exclusions</Tabs.Tab>
                <Tabs.Tab value="fields">Fields in Iterable</Tabs.Tab>
                <Tabs.Tab value="uses">Activations</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="connection">
                {editing ? (
                  <EditConnection
                    stored={stored}
                    onDone={(changed) => {
                      setEditing(false);
                      if (changed) test.mutate();
                    }}
                  />
                ) : (
                  <Stack align="flex-start">
                    <Connection destination={destination} />
                    {mayEdit && (
                      <Button variant="default" onClick={() => setEditing(true)}>
                        Edit the connection
                      </Button>
                    )}
                  </Stack>
                )}
              </Tabs.Panel>
              <Tabs.Panel value="defaults">
                <DefaultsForm stored={stored} readOnly={!mayEdit} />
              </Tabs.Panel>
              <Tabs.Panel value="exclusions">
                <Exclusions stored={stored} readOnly={!mayEdit} />
              </Tabs.Panel>
              <Tabs.Panel value="fields">
                <IterableFields uid={uid} />
              </Tabs.Panel>
              <Tabs.Panel value="uses">
                {uses.length === 0 ? (
                  <Empty title="No list is kept here yet">Activate a segment to this destination, and its list appears in Iterable.</Empty>
                ) : (
                  <Uses uses={uses} />
                )}
              </Tabs.Panel>
            </Tabs>
          </>
        );
      }}
    </Loaded>
  );
}
