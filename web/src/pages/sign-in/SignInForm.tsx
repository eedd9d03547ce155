import { Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';

import { waysInQuery } from '../../api/admin';
import { api, bearCsrf, type Session, take } from '../../api/client';
import { Problem } from '../../components/Problem';

// By the company's identity provider, where there is one; by e-mail and password. `email`: of whom alone, where their
// page is still open: it stays, and the provider is gone to in a tab of its own.
export function SignInForm({ email, onSignedIn }: { email?: string; onSignedIn: (session: Session) => void }) {
  const form = useForm({ initialValues: { email: email ?? '', password: '' } });
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) => take(api.POST('/api/v1/session', { body })),
    onSuccess: (session) => {
      bearCsrf(session);
      onSignedIn(session);
    },
    onError: () => form.setFieldValue('password', ''),
  });
  const provider = useQuery(waysInQuery).data?.single_sign_on;
  return (
    <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
      <Stack>
        {provider && (
          <>
            <Button component="a" href={provider.path} variant="default" {...(email === undefined ? {} : { target: '_blank' })}>
              Sign in with {provider.name}
            </Button>
            <Divider label="or by password" />
          </>
        )}
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          readOnly={email !== undefined}
          autoFocus={email === undefined}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          data-autofocus={email !== undefined || undefined}
          {...form.getInputProps('password')}
        />
        {signIn.isError && (
          <Problem
            error={signIn.error}
            title={signIn.error.code === 'too_many_attempts' ? 'Too many wrong passwords: wait a little' : 'You are not signed in'}
          />
        )}
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
