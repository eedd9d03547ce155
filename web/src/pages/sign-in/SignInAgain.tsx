import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';

import { sessionQuery } from '../../api/queries';
import { sessionGoesOn } from '../../api/standing';
import { SignInForm } from './SignInForm';

// The session ended under an open page: whoever it belongs to signs in again in place, and what was asked goes on.
export default function SignInAgain() {
  const client = useQueryClient();
  const email = useQuery({ ...sessionQuery, enabled: false }).data?.name;
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      title="Your session has ended"
      zIndex={1000}
      centered
    >
      <Stack>
        <Text size="sm">Sign in again to go on. This page stays as it is, with everything that you typed.</Text>
        <SignInForm
          email={email}
          onSignedIn={(session) => {
            client.setQueryData(sessionQuery.queryKey, session);
            sessionGoesOn();
            void client.invalidateQueries();
          }}
        />
        <Text size="sm">
          You are somebody else?{' '}
          <Anchor href="/sign-in" size="sm">
            Leave this page
          </Anchor>{' '}
          and sign in; what was not saved is lost then.
        </Text>
      </Stack>
    </Modal>
  );
}
