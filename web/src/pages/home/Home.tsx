import { Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { runsQuery, statusQuery } from '../../api/activations';
import type { Status } from '../../api/activations';
import { destinationsQuery, segmentsQuery, useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { ExploreDemo } from '../../components/ExploreDemo';
import { Figure } from '../../components/Figure';
import { Find } from '../../components/Find';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Sparkline } from '../../components/Sparkline';
import { StateBadge } from '../../components/StateBadge';
import { ButtonTo, LinkTo } from '../../components/links';
import { attention, order, trends } from '../../lib/dashboard';
import { trendInWords } from '../../lib/numbers';
import { needsPerson, stateOf } from '../../lib/state';
import { count, many, people } from '../../lib/words';
import { standingColumns } from '../activations/standing-columns';
import { DemoPanel } from './DemoPanel';

// What does not go on without a person, with why and where to mend it.
function NeedsPerson({ all }: { all: Status[] }) {
  const found = attention(all);
  if (found.length === 0) return null;
  return (
    <Stack component="section" gap="sm" aria-label="Needs a person">
      <Title order={2}>Needs a person</Title>
      {found.slice(0, 10).map(({ status, state, why, remedy }) => (
        <Paper key={status.uid} withBorder p="md">
          <Group justify="space-between" align="flex-start" gap="sm">
            <Stack gap={2} flex="1 1 18rem">
              <Group gap="sm">
                <StateBadge state={state} />
                <LinkTo to="/activations/$uid" params={{ uid: status.uid }} fw={600} dir="auto">
                  {status.name}
                </LinkTo>
              </Group>
              <Text size="sm">{why}</Text>
              {remedy && (
                <Text size="sm" fw={600}>
                  {remedy}
                </Text>
              )}
            </Stack>
            <ButtonTo variant="default" size="xs" to="/activations/$uid" params={{ uid: status.uid }} aria-label={`${state === 'Stopped' ? 'Decide on' : 'Look into'} ${status.name}`}>
              {state === 'Stopped' ? 'Decide' : 'Look into it'}
            </ButtonTo>
          </Group>
        </Paper>
      ))}
      {found.length > 10 && <Text size="sm">And {many(found.length - 10, 'other')}, first in the list below.</Text>}
    </Stack>
  );
}

function Begin() {
  const segments = useQuery(segmentsQuery);
  const destinations = useQuery(destinationsQuery);
  const mayEdit = useMay('editor');
  if (!mayEdit)
    return (
      <Stack>
        <Empty title="No list is kept yet">Once an editor activates a segment, its list stands here with how it goes.</Empty>
        <ExploreDemo />
      </Stack>
    );
  if (segments.data?.length && destinations.data?.length)
    return (
      <Empty title="Everything is there but an activation" action={<ButtonTo to="/activations/new">Activate a segment</ButtonTo>}>
        Activate a segment, and its people become a contact list in Iterable that stays true by itself.
      </Empty>
    );
  return (
    <Stack>
      <Empty title="Welcome to Rollcall" action={<ButtonTo to="/start">Take the first steps</ButtonTo>}>
        Connect your data, describe whom you want to reach, and Rollcall keeps a contact list in Iterable equal to it. It takes five minutes, and you can
        leave and come back at any step.
      </Empty>
      <ExploreDemo />
    </Stack>
  );
}

// How everything goes, at a glance; what needs a person first.
export default function Home() {
  const status = useQuery(statusQuery);
  const runs = useInfiniteQuery({ ...runsQuery({}, 500), refetchInterval: 30_000 });
  const mayEdit = useMay('editor');
  const byActivation = trends(runs.data?.pages[0]?.items ?? []);
  return (
    <>
      <PageHead title="Home" actions={mayEdit && status.data?.length ? <ButtonTo to="/activations/new">New activation</ButtonTo> : undefined} />
      <Loaded query={status} lines={8}>
        {(all) => {
          if (all.length === 0)
            return (
              <Stack gap="xl">
                <Begin />
                <DemoPanel />
              </Stack>
            );
          const states = all.map((one) => stateOf(one));
          const unwell = states.filter(needsPerson).length;
          const waiting = all.reduce((sum, one) => sum + one.parked, 0);
          return (
            <Stack gap="xl">
              <SimpleGrid cols={{ base: 1, xs: 3 }}>
                <Figure
                  label="Lists"
                  n={all.filter((one) => one.list).length}
                  hint={unwell ? `${count(unwell)} ${unwell === 1 ? 'needs' : 'need'} a person` : 'all go well'}
                />
                <Figure
                  label="People on lists"
                  n={all.reduce((sum, one) => sum + one.on_list, 0)}
                  hint={waiting ? `${people(waiting)} not contacts yet` : undefined}
                />
                <Figure
                  label="Under way"
                  n={states.filter((one) => one === 'Running').length}
                  hint={`${count(all.filter((one) => one.waiting).length)} waiting`}
                />
              </SimpleGrid>
              <NeedsPerson all={all} />
              <Stack component="section" gap="sm" aria-label="Activations">
                <Title order={2}>Activations</Title>
                <Find rows={order(all)} text={(one) => `${one.name} ${one.segment} ${one.destination}`} label="Find an activation">
                  {(rows) => (
                    <Listing
                      label="Activations"
                      rows={rows}
                      rowKey={(one) => one.uid}
                      columns={[
                        {
                          head: 'Name',
                          cell: (one) => (
                            <LinkTo to="/activations/$uid" params={{ uid: one.uid }} fw={600} dir="auto">
                              {one.name}
                            </LinkTo>
                          ),
                        },
                        ...standingColumns,
                        {
                          head: 'Trend',
                          cell: (one) => {
                            const values = byActivation.get(one.uid) ?? [];
                            return values.length > 1 ? <Sparkline values={values} label={`On the list: ${trendInWords(values)}`} /> : <Text size="sm" c="dimmed">{one.last_run ? 'one run' : 'no run yet'}</Text>;
                          },
                        },
                      ]}
                    />
                  )}
                </Find>
              </Stack>
              <DemoPanel />
            </Stack>
          );
        }}
      </Loaded>
    </>
  );
}
