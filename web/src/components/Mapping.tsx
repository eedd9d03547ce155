import { ActionIcon, Alert, Badge, Button, Group, Paper, Radio, Select, Stack, Text, TextInput } from '@mantine/core';

import { attributeName, attributeTypes, fillable, likely, likelyKey, naturalType, troubleOf, typeInWords } from '../lib/mapping';
import type { IterableField, KeyType, Mapped, ModelField } from '../lib/mapping';

export interface MappingDraft {
  key: { type: KeyType; field: string };
  attributes: Mapped[];
}

const keyWords: Record<KeyType, string> = { email: 'E-mail', user_id: 'Iterable user ID' };

const option = (field: ModelField) => ({
  value: field.name,
  label: field.label === field.name ? `${field.name} (${field.type})` : `${field.label}: ${field.name} (${field.type})`,
});

function Line({
  line,
  all,
  model,
  iterable,
  set,
  remove,
}: {
  line: Mapped;
  all: Mapped[];
  model: ModelField[];
  iterable: IterableField[];
  set: (line: Mapped) => void;
  remove: () => void;
}) {
  const trouble = troubleOf(line, all, model, iterable);
  const there = iterable.find((one) => one.name === line.to);
  const choices = fillable(iterable).map((one) => ({ value: one.name, label: `${one.name} (${one.type})` }));
  if (line.to && !line.create && !choices.some((one) => one.value === line.to)) choices.push({ value: line.to, label: `${line.to} (not in Iterable)` });
  const choose = (field: string) => {
    if (!line.create) return set({ ...line, field, to: line.to || (likely(field, iterable) ?? '') });
    const type = naturalType(model.find((one) => one.name === field)?.type ?? '');
    set({ ...line, field, to: line.to || attributeName(field), type: type ?? line.type });
  };
  return (
    <Paper withBorder p="sm" role="group" aria-label={line.create ? `New attribute ${line.to}` : `Attribute ${line.to}`}>
      <Group align="flex-start" gap="sm">
        <Select
          label="Field of the model"
          flex="1 1 12rem"
          searchable
          data={model.map(option)}
          value={line.field || null}
          onChange={(field) => field && choose(field)}
          allowDeselect={false}
        />
        {line.create ? (
          <>
            <TextInput
              label="New attribute in Iterable"
              flex="1 1 12rem"
              value={line.to}
              onChange={(event) => set({ ...line, to: event.currentTarget.value })}
            />
            <Select
              label="Its type"
              flex="1 1 10rem"
              data={attributeTypes}
              value={line.type ?? null}
              placeholder="as the field's"
              onChange={(type) => set({ ...line, type: type ?? undefined })}
            />
          </>
        ) : (
          <Select
            label="Attribute in Iterable"
            flex="1 1 12rem"
            searchable
            data={choices}
            value={line.to || null}
            onChange={(to) => set({ ...line, to: to ?? '', type: undefined })}
            allowDeselect={false}
            nothingFoundMessage="Iterable has none so named; add a new attribute instead"
          />
        )}
        <ActionIcon variant="subtle" color="gray" size="lg" mt={25} aria-label={`Remove ${line.to || 'this attribute'}`} onClick={remove}>
          ✕
        </ActionIcon>
      </Group>
      {trouble && (
        <Text size="sm" mt={6} c={trouble.level === 'problem' ? 'var(--mantine-color-error)' : undefined} fw={500} role="status">
          {trouble.level === 'warning' ? 'Note: ' : ''}
          {trouble.text}
        </Text>
      )}
      {!trouble && there && (
        <Text size="sm" mt={6} c="dimmed">
          Fits: {line.to} takes {typeInWords(there.type)}
        </Text>
      )}
    </Paper>
  );
}

// The match key, and which fields of the model fill which attributes. `project` is the
// destination's kind of project, which says by what it knows people.
export function Mapping({
  value,
  onChange,
  model,
  iterable,
  project,
  primaryKey,
}: {
  value: MappingDraft;
  onChange: (value: MappingDraft) => void;
  model: ModelField[];
  iterable: IterableField[];
  project?: string;
  primaryKey?: string;
}) {
  const setKey = (type: KeyType) => onChange({ ...value, key: { type, field: likelyKey(type, model, primaryKey) } });
  const setLines = (attributes: Mapped[]) => onChange({ ...value, attributes });
  const line = (one: Mapped, i: number) => (
    <Line
      key={i}
      line={one}
      all={value.attributes}
      model={model}
      iterable={iterable}
      set={(changed) => setLines(value.attributes.map((old, k) => (k === i ? changed : old)))}
      remove={() => setLines(value.attributes.filter((_, k) => k !== i))}
    />
  );
  const key = model.find((one) => one.name === value.key.field);
  const isOdd = (project === 'email' && value.key.type === 'user_id') || (project === 'user_id' && value.key.type === 'email');
  return (
    <Stack>
      <Stack gap="xs">
        <Radio.Group
          label="Match key"
          description="By what people are found in Iterable. Who has none, or is no contact there, is left out and named in the run."
          withAsterisk
          value={value.key.type}
          onChange={(type) => setKey(type as KeyType)}
        >
          <Group mt="xs">
            <Radio value="email" label="E-mail" />
            <Radio value="user_id" label="Iterable user ID" />
          </Group>
        </Radio.Group>
        <Select
          label={`Which field is the ${keyWords[value.key.type] === 'E-mail' ? 'e-mail' : 'Iterable user ID'}?`}
          withAsterisk
          searchable
          maw={420}
          data={model.map(option)}
          value={value.key.field || null}
          onChange={(field) => onChange({ ...value, key: { ...value.key, field: field ?? '' } })}
          allowDeselect={false}
          error={!value.key.field && model.length > 0 ? 'The match key is needed' : undefined}
        />
        {key && value.key.type === 'email' && key.type !== 'text' && (
          <Text size="sm" c="var(--mantine-color-error)">
            {key.name} is {key.type}, and e-mail addresses are text
          </Text>
        )}
        {isOdd && (
          <Alert color="orange" variant="light" title="This project knows people by the other key">
            {project === 'email'
              ? 'In a project by e-mail not everybody has a user ID. Who has none in Iterable is left out.'
              : 'In a project by user ID several people may share an e-mail. Such an address is left out.'}
          </Alert>
        )}
      </Stack>
      <Stack gap="xs">
        <Text fw={600}>
          Attributes that Iterable has{' '}
          <Badge variant="light" color="gray" tt="none">
            optional
          </Badge>
        </Text>
        <Text size="sm" c="dimmed">
          Each is kept equal to the model's field for everybody on the list. What is not named here is never touched.
        </Text>
        {value.attributes.map((one, i) => !one.create && line(one, i))}
        <div>
          <Button variant="default" size="xs" onClick={() => setLines([...value.attributes, { field: '', to: '' }])}>
            Add an attribute
          </Button>
        </div>
      </Stack>
      <Stack gap="xs">
        <Text fw={600}>
          New custom attributes{' '}
          <Badge variant="light" color="gray" tt="none">
            optional
          </Badge>
        </Text>
        <Text size="sm" c="dimmed">
          Iterable does not have them yet. They are made in the first run, and can never be deleted there.
        </Text>
        {value.attributes.map((one, i) => one.create && line(one, i))}
        <div>
          <Button variant="default" size="xs" onClick={() => setLines([...value.attributes, { field: '', to: '', create: true }])}>
            Add a new attribute
          </Button>
        </div>
      </Stack>
    </Stack>
  );
}
