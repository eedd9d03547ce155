import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { api, bearCsrf, take } from '../../api/client';
import { sessionQuery } from '../../api/queries';
import { KeyValue } from '../../components/KeyValue';
import { Problem } from '../../components/Problem';
import { ROLES } from '../../lib/roles';
import { Section } from './Section';

function Password({ onDone }: { onDone: (changed: boolean) => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { current: '', password: '', again: '' },
    validate: {
      password: (value) => ([...value].length < 12 ? 'At least 12 characters' : null),
      again: (value, all) => (value === all.password ? null : 'This is not the same'),
    },
  });
  const change = useMutation({
    mutationFn: ({ current, password }: typeof form.values) => take(api.PUT('/api/v1/session/password', { body: { current, password } })),
    onSuccess: (session) => {
      bearCsrf(session);
      client.setQueryData(sessionQuery.queryKey, session);
      onDone(true);
    },
    onError: (error) => {
      if (error.at('/current')) form.setFieldError('current', error.detail);
      if (error.at('/password')) form.setFieldError('password', error.detail);
    },
  });
  const marked = change.error && (change.error.at('/current') || change.error.at('/password'));
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack maw={420}>
        <PasswordInput label="Your password now" autoComplete="current-password" required data-autofocus {...form.getInputProps('current')} />
        <PasswordInput label="New password" description="At least 12 characters" autoComplete="new-password" required {...form.getInputProps('password')} />
        <PasswordInput label="New password, once more" autoComplete="new-password" required {...form.getInputProps('again')} />
        <Text size="sm" c="dimmed">
          Wherever else you are signed in, you are signed out.
        </Text>
        {change.error && !marked && <Problem error={change.error} title="Your password stays as it was" />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Change the password
          </Button>
          <Button variant="default" onClick={() => onDone(false)}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function Account() {
  const session = useQuery(sessionQuery).data;
  const [changing, setChanging] = useState<'no' | 'yes' | 'done'>('no');
  const role = ROLES.find((one) => one.role === session?.role);
  return (
    <Section title="Your account">
      <Stack>
        <KeyValue
          pairs={[
            ['E-mail', session?.name ?? ''],
            ['Role', role ? `${role.title}. ${role.may}` : ''],
          ]}
        />
        {changing === 'yes' ? (
          <Password onDone={(changed) => setChanging(changed ? 'done' : 'no')} />
        ) : (
          <div>
            {changing === 'done' && (
              <Alert color="green" variant="light" mb="sm" role="status">
                Your password is changed.
              </Alert>
            )}
            <Button variant="default" onClick={() => setChanging('yes')}>
              Change your password
            </Button>
          </div>
        )}
      </Stack>
    </Section>
  );
}
