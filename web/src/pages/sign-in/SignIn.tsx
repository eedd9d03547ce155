import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';

import { api, bearCsrf, take } from '../../api/client';
import { sessionQuery } from '../../api/queries';
import { Problem } from '../../components/Problem';
import { Door } from './Door';

export default function SignIn() {
  const { next } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const client = useQueryClient();
  const form = useForm({ initialValues: { email: '', password: '' } });
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) => take(api.POST('/api/v1/session', { body })),
    onSuccess: (session) => {
      client.clear();
      bearCsrf(session);
      client.setQueryData(sessionQuery.queryKey, session);
      router.history.push(next?.startsWith('/') && !next.startsWith('//') ? next : '/');
    },
  });
  return (
    <Door title="Sign in">
      <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
        <Stack>
          <TextInput label="E-mail" type="email" autoComplete="username" required {...form.getInputProps('email')} />
          <PasswordInput label="Password" autoComplete="current-password" required {...form.getInputProps('password')} />
          {signIn.isError && <Problem error={signIn.error} title="You are not signed in" />}
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
