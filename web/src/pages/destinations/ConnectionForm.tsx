import { Anchor, Button, Collapse, Group, List, PasswordInput, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Problem } from '../../api/problem';
import { type Connection, projectTypes, regions, services } from '../../lib/destinations';
import { looksLikeReference } from '../../lib/source-forms';
import { ReferenceNote } from '../sources/SourceForm';

function Choice({ label, about, value, onChange, data, error }: { label: string; about?: string; value: string; onChange: (value: string) => void; data: { value: string; label: string; about: string }[]; error?: string }) {
  return (
    <Radio.Group label={label} description={about} value={value} onChange={onChange} error={error}>
      <Stack gap="xs" mt="xs">
        {data.map((one) => (
          <Radio key={one.value} value={one.value} label={one.label} description={one.about} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** How an Iterable project is reached. The key is asked for once, and never shown again. */
export function ConnectionForm({ value, onChange, problem }: { value: Connection; onChange: (value: Connection) => void; problem?: Problem }) {
  const set = (change: Partial<Connection>) => onChange({ ...value, ...change });
  const [help, setHelp] = useState(false);
  const [more, setMore] = useState(value.base_url !== '' || value.settle !== '' || value.proof_by !== 'look_up' || value.proof_age !== '');
  const shown = more || ['/base_url', '/settle', '/proof'].some((pointer) => problem?.at(pointer));
  return (
    <Stack>
      <TextInput
        label="Name"
        description="What you and others call this project here."
        value={value.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={problem?.at('/name')}
        required
        dir="auto"
      />
      <Select
        label="Destination service"
        description={services.find((one) => one.value === value.service)?.about}
        data={services.map(({ value, label }) => ({ value, label }))}
        value={value.service}
        onChange={(service) => service && set({ service })}
        allowDeselect={false}
        error={problem?.at('/service')}
      />
      <Choice label="Region" about="Where Iterable keeps the project." value={value.region} onChange={(region) => set({ region })} data={regions} error={problem?.at('/region')} />
      <Choice
        label="Project type"
        about="In Iterable under Settings › Project settings. It says by what people are told apart."
        value={value.project_type}
        onChange={(project_type) => set({ project_type })}
        data={projectTypes}
        error={problem?.at('/project_type')}
      />
      {value.api_key === null ? (
        <Group align="flex-end" gap="sm">
          <TextInput label="API key" value="Stored, and never shown again" readOnly variant="filled" flex="1 1 14rem" error={problem?.at('/api_key')} />
          <Button variant="default" onClick={() => set({ api_key: '' })}>
            Replace the key
          </Button>
        </Group>
      ) : (
        <Stack gap={4}>
          <PasswordInput
            label="API key"
            description="A server-side key. Kept encrypted, and never shown again."
            value={value.api_key}
            onChange={(event) => set({ api_key: event.currentTarget.value })}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the key' }}
            error={problem?.at('/api_key')}
            required
          />
          {looksLikeReference(value.api_key) && <ReferenceNote />}
          <div>
            <Anchor component="button" type="button" size="sm" onClick={() => setHelp(!help)} aria-expanded={help}>
              Where do I find a key?
            </Anchor>
            <Collapse expanded={help} transitionDuration={0}>
              <List type="ordered" size="sm" mt={4}>
                <List.Item>In Iterable open Integrations › API keys. You need the right to manage keys.</List.Item>
                <List.Item>Choose New API key, and the type Server-side. Keys for mobile or JavaScript may not do what is needed.</List.Item>
                <List.Item>Copy the key, and paste it here. Iterable shows it once.</List.Item>
              </List>
            </Collapse>
          </div>
        </Stack>
      )}
      <div>
        <Button variant="default" size="compact-sm" onClick={() => setMore(!shown)} aria-expanded={shown}>
          {shown ? 'Fewer settings' : 'More settings'}
        </Button>
        <Collapse expanded={shown} transitionDuration={0}>
          <Stack mt="sm">
            <TextInput
              label="Another address"
              description="Instead of the region’s own: a simulator or a proxy."
              placeholder="http://127.0.0.1:8181"
              value={value.base_url}
              onChange={(event) => set({ base_url: event.currentTarget.value })}
              error={problem?.at('/base_url')}
              spellCheck={false}
            />
            <TextInput
              label="How long Iterable may take to show a write"
              description="Such as 60s, which holds when left empty."
              value={value.settle}
              onChange={(event) => set({ settle: event.currentTarget.value })}
              error={problem?.at('/settle')}
              placeholder="60s"
              maw={320}
            />
            <Choice
              label="How Rollcall makes sure that somebody is a contact"
              value={value.proof_by}
              onChange={(proof_by) => set({ proof_by })}
              data={[
                { value: 'look_up', label: 'Look everybody up', about: 'The surest: each person is asked for in the run.' },
                { value: 'fastest', label: 'The fastest way', about: 'An export of all contacts may be used where that takes fewer calls.' },
              ]}
              error={problem?.at('/proof')}
            />
            <TextInput
              label="How old such a look may be"
              description="From 1s to 15m; 60s when left empty."
              value={value.proof_age}
              onChange={(event) => set({ proof_age: event.currentTarget.value })}
              error={problem?.at('/proof/max_age')}
              placeholder="60s"
              maw={320}
            />
            <Text size="sm" c="dimmed">
              Whichever is chosen: nobody is ever created as a contact.
            </Text>
          </Stack>
        </Collapse>
      </div>
    </Stack>
  );
}
