import { Affix, Alert, Button, Group, Paper, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';

import { isOutdated, useStanding } from '../api/standing';

const SignInAgain = lazy(() => import('../pages/sign-in/SignInAgain'));

const Say = ({ color, title, children }: { color: string; title: string; children: ReactNode }) => (
  <Paper shadow="md">
    <Alert color={color} variant="light" title={title}>
      {children}
    </Alert>
  </Paper>
);

// What stands between this page and the service, said at its foot so that nothing moves; nothing when all is well.
export function Standing() {
  const { away, back, ended, outdated } = useStanding();
  const client = useQueryClient();
  useEffect(() => {
    if (back) void client.invalidateQueries();
  }, [back, client]);
  useEffect(() => {
    const onFailed = () => isOutdated();
    window.addEventListener('vite:preloadError', onFailed);
    return () => window.removeEventListener('vite:preloadError', onFailed);
  }, []);
  return (
    <>
      <Affix position={{ bottom: 16, left: 16, right: 16 }} maw={560} mx="auto" zIndex={900}>
        <div role="status">
          {away && (
            <Say color="orange" title="Rollcall does not answer">
              It may be restarting. This page asks again every second and goes on by itself; what you typed stays here.
            </Say>
          )}
          {back && (
            <Say color="green" title="Rollcall answers again">
              What you see is read anew. If something was not saved before, save it again.
            </Say>
          )}
          {outdated && !away && (
            <Say color="orange" title="This page is of another version">
              <Group justify="space-between">
                <Text size="sm">Rollcall was replaced while this page was open, and a part of it could not be loaded.</Text>
                <Button size="compact-md" variant="default" onClick={() => location.reload()}>
                  Load it anew
                </Button>
              </Group>
            </Say>
          )}
        </div>
      </Affix>
      {ended && (
        <Suspense fallback={null}>
          <SignInAgain />
        </Suspense>
      )}
    </>
  );
}
