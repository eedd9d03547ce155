// How many people the rule matches, and beside it how many are on its lists in Iterable, and why not all.
import { Button, Divider, Group, Loader, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { statusesQuery } from '../../api/segments';
import { LinkTo } from '../../components/links';
import { Problem } from '../../components/Problem';
import { StateBadge } from '../../components/StateBadge';
import { When } from '../../components/When';
import { stateOf } from '../../lib/state';
import { count, list, many, percent } from '../../lib/words';
import type { CountState } from '../../rule/counts';

export function Size({
  state,
  model,
  missing,
  wrong,
  busy,
  onStop,
  onAgain,
  segment,
}: {
  state: CountState | undefined;
  model: string;
  missing: number;
  wrong: number;
  busy: boolean;
  onStop: () => void;
  onAgain: () => void;
  segment: string | undefined;
}) {
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Size
        </Title>
        {busy ? (
          <Button size="compact-xs" variant="subtle" onClick={onStop}>
            Stop counting
          </Button>
        ) : (
          state && (
            <Button size="compact-xs" variant="subtle" onClick={onAgain}>
              Count again
            </Button>
          )
        )}
      </Group>
      <div aria-live="polite" style={{ minHeight: 92 }}>
        <Counted state={state} model={model} missing={missing} wrong={wrong} />
      </div>
      {segment !== undefined && <OnLists segment={segment} members={state?.state === 'counted' ? state.members : undefined} />}
    </Stack>
  );
}

function Counted({ state, model, missing, wrong }: { state: CountState | undefined; model: string; missing: number; wrong: number }) {
  if (missing + wrong > 0)
    return (
      <Text size="sm">
        {list([
          ...(missing > 0 ? [`${many(missing, 'thing is', 'things are')} missing in the rule`] : []),
          ...(wrong > 0 ? [`${many(wrong, 'thing is', 'things are')} wrong`] : []),
        ])}
        . Then it is counted.
      </Text>
    );
  if (!state || state.state === 'waiting' || state.state === 'counting')
    return (
      <Group gap="xs">
        <Loader size="sm" />
        <Text size="sm" c="dimmed">
          Counting…
        </Text>
      </Group>
    );
  if (state.state === 'stopped') return <Text size="sm">Not counted: it was stopped.</Text>;
  if (state.state === 'failed') return <Problem error={state.problem} title="It could not be counted" />;
  const share = state.people > 0 ? state.members / state.people : 0;
  return (
    <Stack gap={4}>
      <Text fz={30} fw={700} lh={1.1} className="numbers" data-testid="size">
        {count(state.members)}
      </Text>
      <Text size="sm">
        of {count(state.people)} in <bdi>{model}</bdi>, {percent(share)}
      </Text>
      <Progress value={share * 100} aria-label={`${percent(share)} of all`} />
      <Text size="xs" c="dimmed">
        Counted exactly, <When at={state.at.toISOString()} relative />
      </Text>
    </Stack>
  );
}

type Status = Schemas['ActivationStatus'];

// Why a list holds other people than the rule matches right now.
function differences(status: Status, members: number | undefined): string[] {
  const out: string[] = [];
  if (status.parked > 0) out.push(`${count(status.parked)} are not contacts in Iterable yet`);
  if (status.rejected > 0) out.push(`${count(status.rejected)} were refused by Iterable`);
  if (status.unknown > 0) out.push(`${count(status.unknown)} were sent, and no answer was read`);
  if (status.not_sent > 0) out.push(`${count(status.not_sent)} are not sent yet`);
  if (status.leavers_on_list > 0) out.push(`${count(status.leavers_on_list)} left, and are perhaps still on the list`);
  if (members !== undefined && status.state !== 'never_run' && members !== status.members) {
    const by = Math.abs(members - status.members);
    out.push(
      `the last run saw ${count(by)} ${members > status.members ? 'fewer' : 'more'}: the data changed since, or keys are missing or double`,
    );
  }
  return out;
}

function OnLists({ segment, members }: { segment: string; members: number | undefined }) {
  const statuses = useQuery(statusesQuery).data?.filter((one) => one.segment === segment);
  if (!statuses || statuses.length === 0) return null;
  return (
    <>
      <Divider />
      <Title order={3} size="h5">
        On its lists in Iterable
      </Title>
      {statuses.map((one) => (
        <Stack key={one.uid} gap={2}>
          <Group justify="space-between" gap="xs">
            <LinkTo to="/activations/$uid" params={{ uid: one.uid }} size="sm">
              <bdi>{one.name}</bdi>
            </LinkTo>
            <StateBadge state={stateOf(one)} />
          </Group>
          <Text size="sm">
            {one.state === 'never_run' ? (
              'No run yet'
            ) : (
              <>
                <b className="numbers">{count(one.on_list)}</b> on the list, by the run of <When at={one.last_run_at} relative />
              </>
            )}
          </Text>
          {differences(one, members).map((text) => (
            <Text key={text} size="xs" c="dimmed">
              {text}
            </Text>
          ))}
        </Stack>
      ))}
    </>
  );
}
