import { Alert, Button, Group, Menu, Paper, Radio, SimpleGrid, Stack, Tabs, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { activationStatusQuery, runQuery, runsQuery, useAct, useLive, useRenewActivations } from '../../api/activations';
import type { Plan, Run, Status } from '../../api/activations';
import { objectQuery, removeObject } from '../../api/catalog';
import { asProblem } from '../../api/problem';
import { destinationsQuery, segmentsQuery, useMay } from '../../api/queries';
import { Chart } from '../../components/Chart';
import { Confirm } from '../../components/Confirm';
import { GuardStop } from '../../components/GuardStop';
import { KeyValue } from '../../components/KeyValue';
import { ListNumbers, ReadListButton } from '../../components/ListNumbers';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { StateBadge } from '../../components/StateBadge';
import { UnderWay } from '../../components/UnderWay';
import { When } from '../../components/When';
import { ButtonTo, LinkTo } from '../../components/links';
import type { ActivationBody } from '../../lib/activation';
import { trendInWords } from '../../lib/numbers';
import { scheduleInWords } from '../../lib/schedule';
import { stateOf } from '../../lib/state';
import { clock } from '../../lib/time';
import { people } from '../../lib/words';
import { RunList } from '../runs/Runs';
import { NextRun } from './standing-columns';
import { ListCheck } from './ListCheck';
import { PlanPreview } from './PlanPreview';

const isNew = (status: Status) => status.state === 'never_run' && status.paused;

// What just happened by a click, and what happens next.
function Saved({ status, what }: { status: Status; what: string }) {
  const next = status.next_run_at ? `The next run is ${clock(status.next_run_at)}.` : 'After that it runs only when somebody starts it.';
  return (
    <Alert color="green" variant="light" role="status" title={what === 'active' ? 'Active' : 'Saved'}>
      {what === 'active'
        ? `${status.list && !status.under_way ? 'The first run has made the list in Iterable' : status.under_way ? 'The first run is under way' : 'The first run begins in a moment'}. ${next}`
        : `What you changed holds from the next run on. ${status.paused ? 'It is paused.' : next}`}
    </Alert>
  );
}

// Saved and never active: nothing is sent until somebody says so.
function NotActiveYet({ status, plan }: { status: Status; plan?: Plan }) {
  const act = useAct(status.uid);
  const navigate = useNavigate();
  const renew = useRenewActivations();
  const mayEdit = useMay('editor');
  const mayOperate = useMay('operator');
  const [discards, setDiscards] = useState(false);
  const failed = act.resume.error ?? (act.run.error?.status === 409 ? null : act.run.error);
  const activate = async () => {
    await act.resume.mutateAsync();
    // Due at once, it may have been begun already.
    await act.run.mutateAsync({}).catch((error) => {
      if (asProblem(error).status !== 409) throw error;
    });
    await navigate({ to: '/activations/$uid', params: { uid: status.uid }, search: { saved: 'active' } });
  };
  return (
    <Paper withBorder p="lg">
      <Stack gap="sm">
        <Title order={2}>Not active yet</Title>
        <Text>
          It is saved, and nothing is sent to Iterable until you activate it.
          {plan && ` ${people(plan.changes.entered)} would enter the list.`}
        </Text>
        {failed && <Problem error={failed} />}
        <Group>
          {mayOperate && (
            <Button loading={act.resume.isPending || act.run.isPending} onClick={() => void activate().catch(() => {})}>
              Activate
            </Button>
          )}
          {mayEdit && (
            <ButtonTo variant="default" to="/activations/$uid/edit" params={{ uid: status.uid }}>
              Change it
            </ButtonTo>
          )}
          {mayEdit && (
            <Button variant="subtle" color="red" c="var(--mantine-color-error)" onClick={() => setDiscards(true)}>
              Discard
            </Button>
          )}
        </Group>
      </Stack>
      <Confirm
        opened={discards}
        title={`Discard ${status.name}?`}
        verb="Discard"
        onClose={() => setDiscards(false)}
        onConfirm={async () => {
          await removeObject('activation', status.uid);
          await renew();
          await navigate({ to: '/activations' });
        }}
      >
        The settings are lost. There is no list in Iterable yet, so nothing changes there.
      </Confirm>
    </Paper>
  );
}

function Trouble({ status }: { status: Status }) {
  const last = useQuery({ ...runQuery(status.last_run?.run_id ?? ''), enabled: status.state === 'stopped' && !!status.last_run });
  if (status.rests)
    return (
      <Alert color="orange" variant="light" role="alert" title={`It rests: the ${status.rests.kind} ${status.rests.name} is broken`}>
        <Text size="sm">{status.rests.problem}</Text>
        <Text size="sm" fw={600}>
          {status.rests.remedy}
        </Text>
        <Text size="sm">
          Since <When at={status.rests.since} />. It goes on by itself once a check finds nothing wrong.
        </Text>
      </Alert>
    );
  if (status.state === 'stopped' && last.data) return <GuardStop run={last.data} />;
  if (status.state === 'failed' && status.last_run)
    return (
      <Alert color="red" variant="light" role="alert" title="The last run did not come to its end">
        <Text size="sm">{status.last_run.error}</Text>
        <LinkTo to="/runs/$uid" params={{ uid: status.last_run.run_id }} size="sm">
          See the run and what to do
        </LinkTo>
      </Alert>
    );
  return null;
}

// People on the list after each run.
function Trend({ runs }: { runs: Run[] }) {
  const ended = useMemo(() => runs.filter((run) => run.status === 'completed' || run.status === 'completed_with_rejects').toReversed(), [runs]);
  const times = useMemo(() => ended.map((run) => run.started_at), [ended]);
  const lines = useMemo(
    () => [
      { label: 'In the segment', values: ended.map((run) => run.segment.members) },
      { label: 'On the list', values: ended.map((run) => run.standing.on_list) },
    ],
    [ended],
  );
  if (ended.length < 2) return <Text size="sm">After the second run its size over time stands here.</Text>;
  return <Chart times={times} lines={lines} summary={`On the list now: ${people(lines[1]!.values.at(-1)!)}, ${trendInWords(lines[1]!.values)}.`} />;
}

function Overview({ status, body }: { status: Status; body: ActivationBody }) {
  const segments = useQuery(segmentsQuery);
  const destinations = useQuery(destinationsQuery);
  const runs = useInfiniteQuery(runsQuery({ activation: status.uid }, 100));
  const segment = segments.data?.find((one) => one.name === body.segment);
  const destination = destinations.data?.find((one) => one.name === body.destination);
  const mayOperate = useMay('operator');
  const all = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const standing = {
    on_list: status.on_list,
    not_a_contact: status.parked,
    rejected: status.rejected,
    unknown: status.unknown,
    not_sent: status.not_sent,
    leavers_on_list: status.leavers_on_list,
  };
  const last = all.find((run) => run.run_id === status.last_run?.run_id);
  return (
    <Stack gap="lg" pt="md">
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder p="md">
          <Title order={2} size="h3" mb="sm">
            From the segment to the list
          </Title>
          {status.list ? (
            <ListNumbers standing={standing} segment={last?.segment} run={last?.uid} audit={status.last_audit} canRead={mayOperate && <ReadListButton uid={status.uid} />} />
          ) : (
            <Text size="sm">There is no list yet: the first run makes it.</Text>
          )}
        </Paper>
        <Paper withBorder p="md">
          <Title order={2} size="h3" mb="sm">
            What it does
          </Title>
          <KeyValue
            pairs={[
              ['Segment', segment ? <LinkTo to="/segments/$uid" params={{ uid: segment.uid }}>{segment.name}</LinkTo> : body.segment],
              ['Destination', destination ? <LinkTo to="/destinations/$uid" params={{ uid: destination.uid }}>{destination.name}</LinkTo> : body.destination],
              ['List in Iterable', status.list ? `${status.list.name} (${status.list.id})` : `${body.name ?? body.segment}, made by the first run`],
              ...(body.description ? ([['Description', body.description]] as [string, string][]) : []),
              ['Match key', `${body.match_key?.type === 'user_id' ? 'Iterable user ID' : 'e-mail'}, from ${body.match_key?.field ?? ''}`],
              [
                'Attributes',
                body.attributes?.length
                  ? body.attributes.map((one) => (
                      <div key={one.to}>
                        {one.to} from {one.field}
                        {one.create ? ' (a new attribute)' : ''}
                      </div>
                    ))
                  : 'none',
              ],
              ['Runs', scheduleInWords(body.schedule)],
              ['Next run', <NextRun status={status} />],
            ]}
          />
        </Paper>
      </SimpleGrid>
      <Paper withBorder p="md">
        <Title order={2} size="h3" mb="sm">
          Size over time
        </Title>
        <Trend runs={all} />
      </Paper>
      {all.length > 0 && (
        <Stack gap="sm">
          <Group justify="space-between">
            <Title order={2} size="h3">
              Last runs
            </Title>
            <LinkTo to="/runs" search={{ activation: status.uid }} size="sm">
              All runs
            </LinkTo>
          </Group>
          <RunList runs={all.slice(0, 5)} withActivation={false} />
        </Stack>
      )}
    </Stack>
  );
}

function Archive({ status, opened, close }: { status: Status; opened: boolean; close: () => void }) {
  const act = useAct(status.uid);
  const navigate = useNavigate();
  const [list, setList] = useState<'keep' | 'empty'>('keep');
  return (
    <Confirm
      opened={opened}
      title={`Archive ${status.name}?`}
      verb="Archive"
      onClose={close}
      onConfirm={async () => {
        await act.archive.mutateAsync(list);
        await navigate({ to: '/activations' });
      }}
    >
      <Stack gap="sm">
        <Text size="sm">It runs no more, and its list is no longer kept equal to the segment. Its runs stay in the history.</Text>
        {status.list && (
          <Radio.Group label="The list in Iterable" value={list} onChange={(value) => setList(value as 'keep' | 'empty')}>
            <Stack gap={6} mt="xs">
              <Radio value="keep" label={`Stays as it is, with ${people(status.on_list)}`} />
              <Radio value="empty" label="Is emptied first: everybody whom Rollcall added is removed" />
            </Stack>
          </Radio.Group>
        )}
      </Stack>
    </Confirm>
  );
}

function ActivationPage({ status, body }: { status: Status; body: ActivationBody }) {
  const { tab, saved } = useSearch({ from: '/shell/activations/$uid' });
  const navigate = useNavigate();
  const act = useAct(status.uid);
  const mayOperate = useMay('operator');
  const mayEdit = useMay('editor');
  const [archives, setArchives] = useState(false);
  const [full, setFull] = useState(false);
  const [plan, setPlan] = useState<Plan>();
  const fresh = isNew(status);
  const shown = tab ?? 'overview';
  const failed = [act.run, act.stop, act.pause, act.resume].find((one) => one.isError);
  const actions = !fresh && (
    <>
      {mayOperate && !status.under_way && !status.waiting && (
        <Button loading={act.run.isPending} onClick={() => act.run.mutate({})}>
          Run now
        </Button>
      )}
      {mayOperate && (status.under_way || status.waiting) && (
        <Button variant="default" loading={act.stop.isPending} onClick={() => act.stop.mutate()}>
          {status.under_way ? 'Stop it' : 'Do not run'}
        </Button>
      )}
      {mayOperate &&
        (status.paused ? (
          <Button variant="default" loading={act.resume.isPending} onClick={() => act.resume.mutate()}>
            Resume
          </Button>
        ) : (
          <Button variant="default" loading={act.pause.isPending} onClick={() => act.pause.mutate()}>
            Pause
          </Button>
        ))}
      {mayEdit && (
        <ButtonTo variant="default" to="/activations/$uid/edit" params={{ uid: status.uid }}>
          Edit
        </ButtonTo>
      )}
      {mayOperate && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default">More</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setFull(true)}>Send everything again</Menu.Item>
            {mayEdit && (
              <Menu.Item color="red" onClick={() => setArchives(true)}>
                Archive
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
  return (
    <>
      <PageHead
        up={{ to: '/activations', label: 'Activations' }}
        title={status.name}
        state={<StateBadge state={stateOf(status)} />}
        about={
          <>
            {body.segment} → {body.destination}. {status.paused && !fresh ? 'Paused: it runs only when somebody starts it.' : ''}
            {!status.paused && (
              <>
                Runs {scheduleInWords(body.schedule)}
                {status.next_run_at && (
                  <>
                    , next <When at={status.next_run_at} />
                  </>
                )}
                .
              </>
            )}
          </>
        }
        actions={actions}
      />
      <Stack gap="lg">
        {saved && <Saved status={status} what={saved} />}
        {failed && <Problem error={failed.error} />}
        {status.under_way && <UnderWay live={status.under_way} />}
        {status.waiting && !status.under_way && (
          <Alert variant="light" role="status">
            It waits for its turn, and begins by itself.
          </Alert>
        )}
        {!status.under_way && <Trouble status={status} />}
        {fresh && <NotActiveYet status={status} plan={plan} />}
        <Tabs value={shown} onChange={(value) => navigate({ to: '/activations/$uid', params: { uid: status.uid }, search: { tab: value ?? undefined }, replace: true })} keepMounted={false}>
          <Tabs.List aria-label="Parts">
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            {mayOperate && <Tabs.Tab value="plan">Preview</Tabs.Tab>}
            {mayOperate && <Tabs.Tab value="audit">Iterable’s list</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="overview">
            <Overview status={status} body={body} />
          </Tabs.Panel>
          <Tabs.Panel value="plan" pt="md">
            <PlanPreview uid={status.uid} onPlan={setPlan} />
          </Tabs.Panel>
          <Tabs.Panel value="audit" pt="md">
            <ListCheck status={status} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
      <Archive status={status} opened={archives} close={() => setArchives(false)} />
      <Confirm
        opened={full}
        title="Send everything again?"
        verb="Run"
        danger={false}
        onClose={() => setFull(false)}
        onConfirm={() => act.run.mutateAsync({ full: true })}
      >
        The list is read anew, and every member and attribute is sent again, changed or not. It takes longer and more calls than a usual run.
      </Confirm>
    </>
  );
}

export default function Activation() {
  const { uid } = useParams({ from: '/shell/activations/$uid' });
  useLive(uid);
  const status = useQuery(activationStatusQuery(uid));
  const activation = useQuery(objectQuery('activation', uid));
  return (
    <Loaded query={status} lines={8}>
      {(now) => (
        <Loaded query={activation} lines={8}>
          {(read) => <ActivationPage status={now} body={read.value as unknown as ActivationBody} />}
        </Loaded>
      )}
    </Loaded>
  );
}
