import { Button, Checkbox, Drawer, Group, Input, PasswordInput, SegmentedControl, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { api, type Schemas, take } from '../../api/client';
import { Confirm } from '../../components/Confirm';
import { Problem } from '../../components/Problem';
import { addressesOf, type Channel, KINDS, type Trouble, TROUBLES } from '../../lib/troubles';

type Body = Schemas['AlertChannelBody'];

interface Draft {
  name: string;
  kind: Channel['kind'];
  to: string;
  url: string;
  secret: string;
  troubles: Trouble[];
  enabled: boolean;
}

const every = TROUBLES.map((one) => one.trouble);

const draftOf = (channel?: Channel): Draft => ({
  name: channel?.name ?? '',
  kind: channel?.kind ?? 'email',
  to: (channel?.to ?? []).join('\n'),
  url: '',
  secret: '',
  troubles: channel?.troubles?.length ? channel.troubles : every,
  enabled: channel?.enabled ?? true,
});

// What is never shown stays as it is where nothing new is typed.
function bodyOf(draft: Draft, channel?: Channel): Body {
  const kept = channel && channel.kind === draft.kind;
  const body: Body = {
    name: draft.name.trim(),
    kind: draft.kind,
    enabled: draft.enabled,
    troubles: draft.troubles.length === every.length ? [] : draft.troubles,
  };
  if (draft.kind === 'email') return { ...body, to: addressesOf(draft.to) };
  const url = draft.url.trim() || (kept && channel.url ? 'stored' : '');
  const secret = draft.secret || (kept && channel.secret ? 'stored' : '');
  return { ...body, ...(url ? { url } : {}), ...(draft.kind === 'webhook' && secret ? { secret } : {}) };
}

// A channel that is made or changed. What it tells of stands beside when each trouble begins and ends.
export function EditChannel({ channel, onClose, onSaved }: { channel?: Channel; onClose: () => void; onSaved: (channel: Channel) => void }) {
  const client = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const form = useForm<Draft>({
    initialValues: draftOf(channel),
    validate: {
      name: (value) => (value.trim() ? null : 'A name, so that you know it again'),
      to: (value, all) => {
        if (all.kind !== 'email') return null;
        const wrong = addressesOf(value).find((one) => !/^[^@\s]+@[^@\s]+$/.test(one));
        if (wrong) return `“${wrong}” is no e-mail address`;
        return addressesOf(value).length ? null : 'At least one address';
      },
      url: (value, all) => {
        if (all.kind === 'email' || (value.trim() === '' && channel?.url && channel.kind === all.kind)) return null;
        return /^https?:\/\/\S+$/.test(value.trim()) ? null : 'An address that begins with https://';
      },
      troubles: (value) => (value.length ? null : 'At least one; to be told of nothing, switch the channel off'),
    },
  });
  const save = useMutation({
    mutationFn: async (draft: Draft) => {
      const body = bodyOf(draft, channel);
      return channel
        ? take(api.PUT('/api/v1/alerts/{uid}', { params: { path: { uid: channel.uid } }, body }))
        : take(api.POST('/api/v1/alerts', { body }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['alerts'] });
      onSaved(saved);
    },
  });
  const kind = form.values.kind;
  const stored = channel?.kind === kind;
  const close = () => (form.isDirty() ? setLeaving(true) : onClose());
  const problem = save.error;

  return (
    <>
      <Drawer opened onClose={close} position="right" size="lg" title={channel ? `Change “${channel.name}”` : 'Add a channel'} transitionProps={{ duration: 0 }}>
        <form onSubmit={form.onSubmit((draft) => save.mutate(draft))}>
          <Stack>
            <TextInput label="Name" description="As you call it, such as Marketing or On call" required data-autofocus {...form.getInputProps('name')} />
            <Input.Wrapper label="Kind" labelElement="div" labelProps={{ id: 'channel-kind' }}>
              <SegmentedControl
                fullWidth
                aria-labelledby="channel-kind"
                data={KINDS.map((one) => ({ value: one.kind, label: one.title }))}
                {...form.getInputProps('kind')}
              />
            </Input.Wrapper>
            {kind === 'email' && (
              <Textarea
                label="Addresses"
                description="With commas between, or each on a line of its own"
                autosize
                minRows={2}
                required
                {...form.getInputProps('to')}
              />
            )}
            {kind === 'slack' && (
              <PasswordInput
                label="Address of the incoming webhook"
                description={stored ? 'It is stored and never shown again; leave this empty to keep it' : 'Slack gives it for a channel, under Incoming Webhooks. It is never shown again.'}
                placeholder="https://hooks.slack.com/services/…"
                autoComplete="off"
                required={!stored}
                {...form.getInputProps('url')}
              />
            )}
            {kind === 'webhook' && (
              <>
                <PasswordInput
                  label="Address"
                  description={stored ? 'It is stored and never shown again; leave this empty to keep it' : 'Each message is sent to it by POST, as JSON. It is never shown again.'}
                  placeholder="https://…"
                  autoComplete="off"
                  required={!stored}
                  {...form.getInputProps('url')}
                />
                <PasswordInput
                  label="Secret"
                  description={
                    stored && channel.secret
                      ? 'One is stored; leave this empty to keep it'
                      : 'With one, the header X-Rollcall-Signature proves that messages are from here'
                  }
                  autoComplete="new-password"
                  {...form.getInputProps('secret')}
                />
              </>
            )}
            <Checkbox.Group
              label="Tell it when"
              description="Once when a trouble begins, and once when it has ended"
              {...form.getInputProps('troubles')}
            >
              <Stack gap="sm" mt="xs">
                {TROUBLES.map((one) => (
                  <Checkbox key={one.trouble} value={one.trouble} label={one.title} description={`${one.begins} It ends when: ${one.ends.charAt(0).toLowerCase()}${one.ends.slice(1)}`} />
                ))}
              </Stack>
            </Checkbox.Group>
            <Switch label="Switched on" description="Off, it is told nothing and keeps its settings" {...form.getInputProps('enabled', { type: 'checkbox' })} />
            {problem && <Problem error={problem} title="The channel was not saved" />}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={save.isPending}>
                {channel ? 'Save' : 'Add the channel'}
              </Button>
            </Group>
          </Stack>
        </form>
      </Drawer>
      <Confirm opened={leaving} title="Close without saving?" verb="Close" onConfirm={onClose} onClose={() => setLeaving(false)}>
        What you changed about this channel is lost.
      </Confirm>
    </>
  );
}
