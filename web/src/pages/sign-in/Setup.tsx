import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';

import { api, bearCsrf, take } from '../../api/client';
import { sessionQuery } from '../../api/queries';
import { Problem } from '../../components/Problem';
import { Door } from './Door';

// A set-up link makes the first admin. An invitation, whose link says for whom it is, sets a password.
export default function Setup() {
  const { word = '', for: invited } = useSearch({ from: '/setup' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: invited ?? '', password: '' },
    validate: {
      email: (value) => (invited || value.includes('@') ? null : 'An e-mail address, such as ann@example.com'),
      password: (value) => ([...value].length < 12 ? 'At least 12 characters' : null),
    },
  });
  const redeem = useMutation({
    mutationFn: (body: { word: string; email: string; password: string }) => take(api.POST('/api/v1/setup', { body })),
    onSuccess: async (session) => {
      client.clear();
      bearCsrf(session);
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: '/' });
    },
  });
  const spent = redeem.error?.code === 'credentials_wrong';
  return (
    <Door title={invited ? 'Choose a password' : 'Set up your account'}>
      <form onSubmit={form.onSubmit(({ email, password }) => redeem.mutate({ word, email: email.trim(), password }))}>
        <Stack>
          <Text size="sm">
            {invited
              ? 'You were invited. From now on you sign in by this address and the password that you choose.'
              : 'This link works once. It makes the first account, that of an admin; or, if you were invited, it sets your password.'}
          </Text>
          <TextInput label="E-mail" type="email" autoComplete="username" required readOnly={!!invited} autoFocus={!invited} {...form.getInputProps('email')} />
          <PasswordInput
            label="Password"
            description="At least 12 characters; four unrelated words are easy to keep in mind"
            autoComplete="new-password"
            required
            autoFocus={!!invited}
            {...form.getInputProps('password')}
          />
          {redeem.isError && <Problem error={redeem.error} title={spent ? 'This link works no more' : 'That did not work'} />}
          {spent && (
            <Text size="sm">
              It was used already, or is older than a day.{' '}
              {invited ? 'Ask whoever sent it for another.' : 'While nobody has an account, rollcall serve prints a new one when it starts.'}
            </Text>
          )}
          <Button type="submit" loading={redeem.isPending}>
            Go on
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
