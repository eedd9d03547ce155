// Everything that would notice if this segment changed.
import { Group, List, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { activationsQuery, destinationsQuery, segmentsQuery } from '../../api/queries';
import { statusesQuery } from '../../api/segments';
import { LinkTo } from '../../components/links';
import { StateBadge } from '../../components/StateBadge';
import { Waiting } from '../../components/Loading';
import { stateOf } from '../../lib/state';
import { usesBySegment } from '../../rule/uses';

export function useUses() {
  const activations = useQuery(activationsQuery).data;
  const segments = useQuery(segmentsQuery).data;
  const destinations = useQuery(destinationsQuery).data;
  if (!activations || !segments || !destinations) return undefined;
  return usesBySegment(activations, segments, destinations);
}

export function UsedBy({ name }: { name: string }) {
  const uses = useUses();
  const statuses = useQuery(statusesQuery).data;
  if (!uses) return <Waiting />;
  const found = uses.get(name);
  if (!found) return <Text>Nothing uses this segment: no list follows it, no other segment is made of it.</Text>;
  return (
    <Stack>
      {found.activations.length > 0 && (
        <section>
          <Title order={2} size="h4">
            Activations
          </Title>
          <List spacing={4} mt="xs">
            {found.activations.map((one) => {
              const status = statuses?.find((each) => each.uid === one.uid);
              return (
                <List.Item key={one.uid}>
                  <Group gap="xs">
                    <LinkTo to="/activations/$uid" params={{ uid: one.uid }}>
                      <bdi>{one.name ?? one.segment}</bdi>
                    </LinkTo>
                    <Text size="sm" c="dimmed">
                      to <bdi>{one.destination}</bdi>
                    </Text>
                    {status && <StateBadge state={stateOf(status)} />}
                  </Group>
                </List.Item>
              );
            })}
          </List>
        </section>
      )}
      {found.segments.length > 0 && (
        <section>
          <Title order={2} size="h4">
            Segments made of it
          </Title>
          <List spacing={4} mt="xs">
            {found.segments.map((one) => (
              <List.Item key={one.uid}>
                <LinkTo to="/segments/$uid" params={{ uid: one.uid }}>
                  <bdi>{one.name}</bdi>
                </LinkTo>
              </List.Item>
            ))}
          </List>
        </section>
      )}
      {found.destinations.length > 0 && (
        <section>
          <Title order={2} size="h4">
            Excluded from all lists of
          </Title>
          <List spacing={4} mt="xs">
            {found.destinations.map((one) => (
              <List.Item key={one.uid}>
                <LinkTo to="/destinations/$uid" params={{ uid: one.uid }}>
                  <bdi>{one.name}</bdi>
                </LinkTo>
              </List.Item>
            ))}
          </List>
        </section>
      )}
    </Stack>
  );
}
