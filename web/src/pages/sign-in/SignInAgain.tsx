import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';

import { bearCsrf, type Session } from '../../api/client';
import { sessionQuery } from '../../api/queries';
import { sessionGoesOn } from '../../api/standing';
import { SignInForm } from './SignInForm';

// The session ended under an open page: whoever it belongs to signs in again in place, and what was asked goes on.
export default function SignInAgain() {
  const client = useQueryClient();
  const was = useQuery({ ...sessionQuery, enabled: false }).data;
  const goOn = useCallback(
    (session: Session) => {
      if (session.uid !== was?.uid) return;
      bearCsrf(session);
      client.setQueryData(sessionQuery.queryKey, session);
      sessionGoesOn();
      void client.invalidateQueries();
    },
    [client, was],
  );
  // They may sign in again in another tab.
  useEffect(() => {
    const timer = setInterval(async () => {
      const answer = await fetch('/api/v1/session').catch(() => undefined);
      if (answer?.ok) goOn(await answer.json());
    }, 3000);
    return () => clearInterval(timer);
  }, [goOn]);
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
          email={was?.name}
          onSignedIn={goOn}
        />
        <Text size="sm">
          You are somebody else?{' '}
          <Anchor href="/sign-in" size="sm" underline="always">
            Leave this page
          </Anchor>{' '}
          and sign in; what was not saved is lost then.
        </Text>
      </Stack>
    </Modal>
  );
}
