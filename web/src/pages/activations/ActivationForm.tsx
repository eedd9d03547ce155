import { Accordion, Checkbox, Group, NumberInput, Radio, Select, Stack, Text, TextInput, Textarea, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import type { Problem as Told } from '../../api/problem';
import { destinationFieldsQuery, destinationsQuery, modelFieldsQuery, modelsQuery, segmentsQuery } from '../../api/queries';
import { Mapping } from '../../components/Mapping';
import { Problem } from '../../components/Problem';
import { Scheduling } from '../../components/Scheduling';
import { draftTrouble } from '../../lib/activation';
import type { ActivationDraft } from '../../lib/activation';
import { troubleOf } from '../../lib/mapping';

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" gap="sm" aria-label={title}>
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}

// What the form needs to know of the segment's model and of the destination.
export function useMapped(segmentName: string, destinationName: string) {
  const segments = useQuery(segmentsQuery);
  const models = useQuery(modelsQuery);
  const destinations = useQuery(destinationsQuery);
  const segment = segments.data?.find((one) => one.name === segmentName);
  const model = models.data?.find((one) => one.name === segment?.model);
  const destination = destinations.data?.find((one) => one.name === destinationName);
  const fields = useQuery({ ...modelFieldsQuery(model?.uid ?? ''), enabled: !!model });
  const iterable = useQuery({ ...destinationFieldsQuery(destination?.uid ?? ''), enabled: !!destination, retry: false });
  return { segment, model, destination, fields, iterable };
}

// The three sections of an activation, and what few need below them.
export function ActivationForm({
  draft,
  onChange,
  hasList,
  error,
  actions,
}: {
  draft: ActivationDraft;
  onChange: (draft: ActivationDraft) => void;
  hasList: boolean; // whose name is Iterable's, and stays
  error?: Told | null;
  actions: (ready: boolean) => ReactNode;
}) {
  const set = (change: Partial<ActivationDraft>) => onChange({ ...draft, ...change });
  const { model, destination, fields, iterable } = useMapped(draft.segment, draft.destination);
  const modelFields = fields.data?.items ?? [];
  const iterableFields = iterable.data?.items ?? [];
  const conflict =
    iterable.data &&
    fields.data &&
    draft.mapping.attributes.some((one) => troubleOf(one, draft.mapping.attributes, modelFields, iterableFields)?.level === 'problem');
  const trouble = draftTrouble(draft) ?? (conflict ? 'Mend what is marked in the fields mapping.' : undefined);
  return (
    <Stack gap="xl" maw={860}>
      <Section title="Activation name and description">
        <TextInput
          label="Name"
          description={
            hasList
              ? 'The list in Iterable keeps the name it was made with: Iterable cannot rename a list.'
              : 'The list in Iterable is given this name. It cannot be renamed there afterwards.'
          }
          value={draft.name}
          placeholder={draft.segment}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={error?.at('/name')}
        />
        <Textarea
          label="Description"
          description="For colleagues; the list in Iterable is given it, too."
          autosize
          minRows={2}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
          error={error?.at('/description')}
        />
      </Section>
      <Section title="Fields mapping">
        {fields.isError && <Problem error={fields.error} title="The fields of the model could not be read" />}
        {iterable.isError && (
          <Problem error={iterable.error} title="Iterable’s attributes could not be read: conflicts show only in the preview" />
        )}
        <Mapping
          value={draft.mapping}
          onChange={(mapping) => set({ mapping })}
          model={modelFields}
          iterable={iterableFields}
          project={destination?.project_type}
          primaryKey={model?.primary_key}
        />
      </Section>
      <Section title="Scheduling">
        <Scheduling value={draft.schedule} onChange={(schedule) => set({ schedule })} label="How often should the list be updated in Iterable?" />
        {error?.at('/schedule') && (
          <Text size="sm" c="var(--mantine-color-error)">
            {error.at('/schedule')}
          </Text>
        )}
      </Section>
      <Accordion variant="contained">
        <Accordion.Item value="more">
          <Accordion.Control>Limits and other settings</Accordion.Control>
          <Accordion.Panel>
            <Stack>
              <Text size="sm" c="dimmed">
                The guard stops a run before anything is sent when it would change more than this, and asks a person.
              </Text>
              <Group align="flex-start">
                <NumberInput
                  label="People leaving at once, at most"
                  suffix="% of the list"
                  min={0}
                  max={100}
                  w={240}
                  value={draft.removedShare}
                  onChange={(value) => set({ removedShare: typeof value === 'number' ? value : '' })}
                />
                <NumberInput
                  label="People entering at once, at most"
                  suffix="% of the list"
                  min={0}
                  w={240}
                  value={draft.addedShare}
                  onChange={(value) => set({ addedShare: typeof value === 'number' ? value : '' })}
                />
              </Group>
              <Checkbox
                label="The list may become empty"
                description="Otherwise a run that would remove everybody is stopped."
                checked={draft.allowEmpty}
                onChange={(event) => set({ allowEmpty: event.currentTarget.checked })}
              />
              <Radio.Group label="Where a field of the model is empty" value={draft.onNull} onChange={(value) => set({ onNull: value as ActivationDraft['onNull'] })}>
                <Stack gap={6} mt="xs">
                  <Radio value="clear" label="Empty the attribute in Iterable, too" />
                  <Radio value="keep" label="Leave what Iterable has" />
                </Stack>
              </Radio.Group>
              <Radio.Group
                label="People on the list whom somebody else added"
                value={draft.foreign}
                onChange={(value) => set({ foreign: value as ActivationDraft['foreign'] })}
              >
                <Stack gap={6} mt="xs">
                  <Radio value="keep" label="Keep them, and say how many there are" />
                  <Radio value="remove" label="Remove them" />
                </Stack>
              </Radio.Group>
              <NumberInput
                label="Compare with Iterable’s list every"
                description="0: never by itself"
                suffix=" days"
                min={0}
                max={365}
                w={240}
                value={draft.auditDays}
                onChange={(value) => set({ auditDays: typeof value === 'number' ? value : '' })}
              />
              {!hasList && (
                <NumberInput
                  label="Take over a list that exists"
                  description="Its number in Iterable. Empty: a new list is made."
                  min={1}
                  allowDecimal={false}
                  hideControls
                  w={240}
                  value={draft.adopt}
                  onChange={(value) => set({ adopt: typeof value === 'number' ? value : '' })}
                  error={error?.at('/list')}
                />
              )}
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      {error && <Problem error={error} title="It is not saved" />}
      <div>
        {actions(!trouble)}
        {trouble && (
          <Text size="sm" mt="xs" role="status">
            {trouble}
          </Text>
        )}
      </div>
    </Stack>
  );
}

// Which segment goes to which destination.
export function Pair({
  segment,
  destination,
  onChange,
}: {
  segment: string;
  destination: string;
  onChange: (pair: { segment: string; destination: string }) => void;
}) {
  const segments = useQuery(segmentsQuery);
  const destinations = useQuery(destinationsQuery);
  return (
    <Group align="flex-end" mb="lg">
      <Select
        label="Segment"
        placeholder="Choose a segment"
        searchable
        w={{ base: '100%', xs: 320 }}
        data={segments.data?.map((one) => one.name) ?? []}
        value={segment || null}
        onChange={(name) => onChange({ segment: name ?? '', destination })}
        allowDeselect={false}
      />
      <Select
        label="Destination"
        placeholder="Choose a destination"
        w={{ base: '100%', xs: 280 }}
        data={destinations.data?.map((one) => one.name) ?? []}
        value={destination || null}
        onChange={(name) => onChange({ segment, destination: name ?? '' })}
        allowDeselect={false}
      />
    </Group>
  );
}
