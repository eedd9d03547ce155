import { Button, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { demoQuery, useDemo } from '../api/demo';
import { useMay } from '../api/queries';
import { Problem } from './Problem';

/** Beside the way to one's own data: a shop that is there in a few seconds. Nothing where there is one already. */
export function ExploreDemo() {
  const demo = useQuery(demoQuery).data;
  const mayMake = useMay('admin');
  const { make } = useDemo();
  const navigate = useNavigate();
  if (!demo || (demo.exists && !make.isPending)) return null;
  // Waited for here, for what renews the page by then takes this out of it.
  const explore = () =>
    make.mutateAsync().then(
      () => navigate({ to: '/' }),
      () => {}, // told below
    );
  const why = !mayMake ? 'To make it, the role admin is needed.' : demo.obstacle && `${demo.obstacle.message}. ${demo.obstacle.remedy}`;
  return (
    <Paper component="section" withBorder p="lg" aria-label="The demo shop">
      <Stack gap="sm">
        <Title order={2} size="h4">
          Or look around first
        </Title>
        <Text size="sm">
          A made-up shop with 5,000 customers, segments that are ready, and lists that are kept in a simulated Iterable on the machine of the service. No
          account is needed anywhere, and it can be removed again as a whole.
        </Text>
        {why ? (
          <Text size="sm" c="dimmed">
            {why}
          </Text>
        ) : (
          <Group gap="sm">
            <Button variant="default" disabled={make.isPending} onClick={explore}>
              Explore the demo shop
            </Button>
            <Group gap="xs" role="status">
              {make.isPending && (
                <>
                  <Loader size="xs" aria-hidden />
                  <Text size="sm">Making its data, its segments and its Iterable. It takes a few seconds.</Text>
                </>
              )}
            </Group>
          </Group>
        )}
        {make.isError && <Problem error={make.error} title="The demo shop was not made" />}
      </Stack>
    </Paper>
  );
}
