import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { demoQuery, useDemo } from '../../api/demo';
import { useMay } from '../../api/queries';
import { Confirm } from '../../components/Confirm';
import { Problem } from '../../components/Problem';
import { many } from '../../lib/words';

/** While there is the demo shop: that it is one, and what can be tried in it. */
export function DemoPanel() {
  const demo = useQuery(demoQuery).data;
  const { passDay, remove } = useDemo();
  const mayRun = useMay('operator');
  const mayRemove = useMay('admin');
  const [asks, setAsks] = useState(false);
  if (!demo?.exists) return null;
  return (
    <Paper component="section" withBorder p="md" aria-label="The demo shop">
      <Stack gap="sm">
        <Title order={2} size="h4">
          The demo shop
        </Title>
        <Text size="sm">
          Its customers are made up, and its Iterable is simulated on the machine of the service: nothing leaves that. When a day passes, customers order, sign
          up, move, say no to the newsletter or leave, and at the next run the lists follow.
        </Text>
        {demo.iterable && !demo.iterable.answers && (
          <Text size="sm" fw={600}>
            The simulated Iterable does not answer right now; it is started again by itself. {demo.iterable.said}
          </Text>
        )}
        <Group gap="sm">
          {mayRun && (
            <Button variant="default" size="xs" loading={passDay.isPending} onClick={() => passDay.mutate()}>
              Let a day pass
            </Button>
          )}
          {mayRemove && (
            <Button variant="subtle" color="red" size="xs" onClick={() => setAsks(true)}>
              Remove the demo shop
            </Button>
          )}
          <Text size="sm" c="dimmed" role="status">
            {passDay.isSuccess ? `${many(demo.day ?? 0, 'day has', 'days have')} passed, and the lists are being brought up to date.` : demo.day ? `${many(demo.day, 'day has', 'days have')} passed.` : ''}
          </Text>
        </Group>
        {passDay.isError && <Problem error={passDay.error} title="The day did not pass" />}
        <Confirm opened={asks} title="Remove the demo shop?" verb="Remove it" onClose={() => setAsks(false)} onConfirm={() => remove.mutateAsync()}>
          <Text>
            Its source, models, segments, destination and activations go, with its files and the simulated Iterable and all lists in it. Whatever else there is
            stays. It cannot be undone, but another demo shop can be made.
          </Text>
        </Confirm>
      </Stack>
    </Paper>
  );
}
