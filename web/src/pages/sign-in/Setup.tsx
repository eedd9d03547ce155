import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';

import { api, bearCsrf, take } from '../../api/client';
import { sessionQuery } from '../../api/queries';
import { Problem } from '../../components/Problem';
import { Door } from './Door';

// A set-up link makes the first admin; an invitation sets the password of whoever it was made for.
export default function Setup() {
  const { word = '' } = useSearch({ from: '/setup' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: '', password: '' },
    validate: { password: (value) => ([...value].length < 12 ? 'At least 12 characters' : null) },
  });
  const redeem = useMutation({
    mutationFn: (body: { word: string; email?: string; password: string }) => take(api.POST('/api/v1/setup', { body })),
    onSuccess: async (session) => {
      client.clear();
      bearCsrf(session);
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: '/' });
    },
  });
  return (
    <Door title="Set up your account">
      <form onSubmit={form.onSubmit(({ email, password }) => redeem.mutate({ word, password, ...(email ? { email } : {}) }))}>
        <Stack>
          <Text size="sm">This link works once: it makes your account and signs you in.</Text>
          <TextInput
            label="E-mail"
            description="Leave it empty when you were invited by e-mail"
            type="email"
            autoComplete="username"
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            description="At least 12 characters"
            autoComplete="new-password"
            required
            {...form.getInputProps('password')}
          />
          {redeem.isError && <Problem error={redeem.error} title="That did not work" />}
          <Button type="submit" loading={redeem.isPending}>
            Go on
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
