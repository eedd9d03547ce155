import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';

import { sessionQuery } from '../../api/queries';
import { Door } from './Door';
import { SignInForm } from './SignInForm';

export default function SignIn() {
  const { next } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const client = useQueryClient();
  return (
    <Door title="Sign in">
      <SignInForm
        onSignedIn={(session) => {
          client.clear();
          client.setQueryData(sessionQuery.queryKey, session);
          router.history.push(next?.startsWith('/') && !next.startsWith('//') ? next : '/');
        }}
      />
      <Text size="sm" c="dimmed" mt="md">
        No account yet, or the password forgotten? An admin of your Rollcall makes you a link by which you set one.
      </Text>
    </Door>
  );
}
