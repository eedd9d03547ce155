import { Alert, Button, Group, NativeSelect, Radio, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import type { Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { asProblem } from '../../api/problem';
import { destinationFieldsQuery, modelFieldsQuery, modelsQuery } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { Mapping, type MappingDraft } from '../../components/Mapping';
import { Problem } from '../../components/Problem';
import { Scheduling } from '../../components/Scheduling';
import { useEdit } from '../../components/useEdit';
import { type Defaults, defaultsInWords, type Destination } from '../../lib/destinations';
import { likelyKey, troubleOf } from '../../lib/mapping';
import { type Schedule, scheduleDraft, scheduleInWords, scheduleOf, scheduleTrouble } from '../../lib/schedule';
import { zone } from '../../lib/time';

interface Draft {
  model: string;
  mapping: MappingDraft;
  on_null: string;
  schedule: ReturnType<typeof scheduleDraft>;
}

function draftOf(defaults: Defaults | undefined, models: { name: string }[], projectType: string | undefined): Draft {
  return {
    model: defaults?.model ?? (models.length === 1 ? models[0]!.name : ''),
    mapping: {
      key: defaults?.match_key ?? { type: projectType === 'user_id' ? 'user_id' : 'email', field: '' },
      attributes: defaults?.attributes ?? [],
    },
    on_null: defaults?.on_null ?? '',
    schedule: scheduleDraft(defaults ? (defaults.schedule as Schedule | undefined) : { every: '1h' }, zone()),
  };
}

/** "Default activation settings": what activating by one click goes by. */
export function DefaultsForm({ stored, readOnly }: { stored: Tagged<Thing>; readOnly: boolean }) {
  const models = useQuery(modelsQuery);
  return (
    <Loaded query={models}>
      {(all) => {
        const people = (all as unknown as (Thing & { type?: string })[]).filter((one) => (one.type ?? 'users') === 'users');
        if (people.length === 0)
          return (
            <Empty
              title="First say who your people are"
              action={
                readOnly ? null : (
                  <Button component={Link} to="/models/new">
                    Make a model
                  </Button>
                )
              }
            >
              Default settings name the field with the e-mail address or the user ID, and that is a field of a model of people.
            </Empty>
          );
        return <Form stored={stored} people={people} readOnly={readOnly} />;
      }}
    </Loaded>
  );
}

function Form({ stored, people, readOnly }: { stored: Tagged<Thing>; people: (Thing & { primary_key?: unknown })[]; readOnly: boolean }) {
  const edit = useEdit('destination', stored.value.uid);
  const [base, setBase] = useState(stored);
  const destination = base.value as Destination;
  const [draft, setDraft] = useState(() => draftOf(destination.defaults, people, destination.project_type));
  const [dirty, setDirty] = useState(false);
  const [tried, setTried] = useState(false);
  if (!dirty && base.etag !== stored.etag) {
    setBase(stored);
    setDraft(draftOf((stored.value as Destination).defaults, people, (stored.value as Destination).project_type));
  }
  const set = (change: Partial<Draft>) => {
    setDirty(true);
    setDraft((before) => ({ ...before, ...change }));
  };
  const model = people.find((one) => one.name === draft.model);
  const fields = useQuery({ ...modelFieldsQuery(model?.uid ?? ''), enabled: model !== undefined, retry: false });
  const iterable = useQuery({ ...destinationFieldsQuery(destination.uid), retry: false });
  const own = fields.data?.items ?? [];
  // A match key that is most likely meant, once the fields are known.
  if (!readOnly && model && own.length > 0 && !draft.mapping.key.field) {
    const likely = likelyKey(draft.mapping.key.type, own, model.primary_key as string | undefined);
    if (likely) setDraft({ ...draft, mapping: { ...draft.mapping, key: { ...draft.mapping.key, field: likely } } });
  }
  const schedule = scheduleOf(draft.schedule);
  const troubles = draft.mapping.attributes.map((one) => troubleOf(one, draft.mapping.attributes, own, iterable.data?.items ?? [])).filter((one) => one?.level === 'problem');
  const lack = !draft.model
    ? 'Choose a model of people.'
    : !draft.mapping.key.field
      ? 'Choose the field of the match key.'
      : iterable.data && troubles.length > 0
        ? troubles[0]!.text
        : scheduleTrouble(draft.schedule);
  const next: Defaults = {
    ...destination.defaults,
    model: draft.model,
    match_key: draft.mapping.key,
    attributes: draft.mapping.attributes,
    schedule,
    on_null: draft.on_null || undefined,
  };
  const { warnings: _warnings, defaults: _defaults, ...rest } = destination;
  const saving = useMutation({
    mutationFn: async (defaults: Defaults | undefined) => edit.save(base, { ...rest, ...(defaults ? { defaults } : {}) }),
    onSuccess: (saved, defaults) => {
      setDirty(false);
      setTried(false);
      if (saved) setBase(saved);
      if (!defaults) setDraft(draftOf(undefined, people, destination.project_type));
    },
  });
  const problem = saving.isError ? asProblem(saving.error) : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!lack) saving.mutate(next);
      }}
    >
      <LeaveGuard dirty={dirty && !saving.isPending} />
      {edit.choice}
      <Stack>
        <Text c="dimmed" maw={720}>
          With these a segment is activated by one click: its list bears the segment’s name, and everything else is as said here. Each activation can still be changed.
        </Text>
        {!destination.defaults && <Text>There are none yet. What is filled in below is a proposal, and holds once it is saved.</Text>}
        <NativeSelect
          label="Model of people"
          description="They hold for segments of this model."
          value={draft.model}
          onChange={(event) => set({ model: event.currentTarget.value, mapping: { key: { ...draft.mapping.key, field: '' }, attributes: [] } })}
          data={[...(draft.model ? [] : [{ value: '', label: 'Choose a model' }]), ...people.map((one) => one.name)]}
          disabled={readOnly}
          maw={420}
        />
        {fields.isError && <Problem error={fields.error} />}
        {iterable.isError && <Problem error={iterable.error} title="Iterable’s fields could not be read" />}
        {model && fields.data && (
          <fieldset disabled={readOnly} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
            <Stack>
              <Title order={3}>Fields mapping</Title>
              <Mapping
                value={draft.mapping}
                onChange={(mapping) => set({ mapping })}
                model={own}
                iterable={iterable.data?.items ?? []}
                project={destination.project_type}
                primaryKey={model.primary_key as string | undefined}
              />
              <Radio.Group label="When a field is empty" value={draft.on_null || 'clear'} onChange={(on_null) => set({ on_null })}>
                <Group mt="xs" gap="lg">
                  <Radio value="clear" label="Clear the attribute in Iterable" />
                  <Radio value="keep" label="Keep what Iterable has" />
                </Group>
              </Radio.Group>
              <Title order={3}>Scheduling</Title>
              <Scheduling value={draft.schedule} onChange={(schedule) => set({ schedule })} />
              {!lack && (
                <Alert color="blue" variant="light" title="What one click will do">
                  {defaultsInWords(next, scheduleInWords(schedule)).map((line) => (
                    <Text key={line} size="sm">
                      {line}
                    </Text>
                  ))}
                </Alert>
              )}
            </Stack>
          </fieldset>
        )}
        {tried && lack && (
          <Alert color="red" variant="light" role="alert">
            {lack}
          </Alert>
        )}
        {problem && <Problem error={problem} />}
        {!readOnly && (
          <Group justify="flex-end">
            {destination.defaults && (
              <Button variant="default" onClick={() => saving.mutate(undefined)} loading={saving.isPending && saving.variables === undefined}>
                Do without defaults
              </Button>
            )}
            <Button type="submit" loading={saving.isPending && saving.variables !== undefined} disabled={destination.defaults !== undefined && !dirty}>
              Save the defaults
            </Button>
          </Group>
        )}
        {saving.isSuccess && !dirty && (
          <Text size="sm" role="status" ta="right">
            Saved.
          </Text>
        )}
      </Stack>
    </form>
  );
}
