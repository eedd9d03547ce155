import { Button, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';

import { activationStatusQuery, runQuery, useAct, useLive } from '../../api/activations';
import type { Run as Report } from '../../api/activations';
import { useMay } from '../../api/queries';
import { Figure } from '../../components/Figure';
import { GuardStop } from '../../components/GuardStop';
import { KeyValue } from '../../components/KeyValue';
import { ListNumbers, ReadListButton } from '../../components/ListNumbers';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RunBadge } from '../../components/RunBadge';
import { UnderWay } from '../../components/UnderWay';
import { When } from '../../components/When';
import { Problem as Told } from '../../api/problem';
import { clock } from '../../lib/time';
import { count, list, many } from '../../lib/words';
import { Rejects } from './Rejects';
import { took } from './Runs';
import { ButtonTo, LinkTo } from '../../components/links';

const triggers: Record<Report['trigger'], string> = {
  manual: 'Somebody, by the command line',
  schedule: 'Its schedule',
  api: 'Somebody, here or by the API',
  activation: 'Its activation',
};

const ofPlanned = (done: number, planned: number) => (done === planned ? undefined : `of ${count(planned)} planned`);

function Ended({ run }: { run: Report }) {
  const { kind } = useSearch({ from: '/shell/runs/$uid' });
  const mayOperate = useMay('operator');
  return (
    <Stack gap="lg">
      {run.status === 'stopped' && <GuardStop run={run} />}
      {run.error && run.status !== 'stopped' && (
        <Problem
          title={run.status === 'interrupted' ? 'It was interrupted' : 'It did not come to its end'}
          error={new Told({ detail: run.error.message, remedy: run.error.remedy, context: run.error.context })}
        />
      )}
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Figure label="Added to the list" n={run.outcomes.added} />
        <Figure label="Removed from it" n={run.outcomes.removed} hint={ofPlanned(run.outcomes.removed, run.changes.left)} />
        <Figure label="Attributes updated" n={run.outcomes.updated} hint={ofPlanned(run.outcomes.updated, run.changes.changed)} />
        <Figure label="On the list after it" n={run.standing.on_list} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder p="md">
          <Title order={2} size="h3" mb="sm">
            From the segment to the list
          </Title>
          <ListNumbers standing={run.standing} segment={run.segment} run={run.uid} canRead={mayOperate && run.list ? <ReadListButton uid={run.activation_uid} /> : undefined} />
        </Paper>
        <Paper withBorder p="md">
          <Title order={2} size="h3" mb="sm">
            The run
          </Title>
          <KeyValue
            pairs={[
              ['Activation', <LinkTo to="/activations/$uid" params={{ uid: run.activation_uid }}>{run.activation}</LinkTo>],
              ['List', run.list ? `${run.list.name} (${run.list.id})${run.list.created ? ', made by this run' : ''}` : 'none yet'],
              ['Begun', <When at={run.started_at} />],
              ['Ended', run.finished_at ? <>{<When at={run.finished_at} />}, after {took(run)}</> : 'not yet'],
              ['Begun by', triggers[run.trigger]],
              ['What it sent', run.kind === 'full' ? 'everything' : 'what changed since the run before'],
              ['Entered, left, changed, tried again', `${count(run.changes.entered)}, ${count(run.changes.left)}, ${count(run.changes.changed)}, ${count(run.changes.retried)}`],
              ['Looked up', many(run.proof.people, 'person', 'people')],
              ...(run.fields_created.length ? ([['New attributes made', list(run.fields_created)]] as [string, string][]) : []),
              ...(run.fields_pending.length ? ([['New attributes still to make', list(run.fields_pending)]] as [string, string][]) : []),
              [
                'Calls to Iterable',
                `${count(run.calls.total)}${run.calls.throttled ? `, ${count(run.calls.throttled)} of them slowed down` : ''}${run.calls.retried ? `, ${count(run.calls.retried)} repeated` : ''}`,
              ],
              ['Run', run.run_id],
            ]}
          />
          {run.warnings.map((warning, i) => (
            <Text key={i} size="sm" mt="sm">
              {warning}
            </Text>
          ))}
        </Paper>
      </SimpleGrid>
      <Rejects run={run} first={kind} />
    </Stack>
  );
}

export default function Run() {
  const { uid } = useParams({ from: '/shell/runs/$uid' });
  const run = useQuery(runQuery(uid));
  return (
    <Loaded query={run} lines={8}>
      {(report) => <RunPage run={report} />}
    </Loaded>
  );
}

function RunPage({ run }: { run: Report }) {
  useLive(run.activation_uid);
  const status = useQuery(activationStatusQuery(run.activation_uid));
  const act = useAct(run.activation_uid);
  const mayOperate = useMay('operator');
  const live = status.data?.under_way?.run_id === run.run_id ? status.data.under_way : undefined;
  return (
    <>
      <PageHead
        up={{ to: '/runs', label: 'Runs' }}
        title={`${run.activation}, ${clock(run.started_at)}`}
        state={<RunBadge status={live ? 'running' : run.status} />}
        actions={
          <Group>
            <ButtonTo to="/activations/$uid" params={{ uid: run.activation_uid }} variant="default">
              Open the activation
            </ButtonTo>
          </Group>
        }
      />
      {act.stop.isError && <Problem error={act.stop.error} />}
      {live ? (
        <UnderWay
          live={live}
          action={
            mayOperate && (
              <Button variant="default" loading={act.stop.isPending} onClick={() => act.stop.mutate()}>
                Stop it
              </Button>
            )
          }
        />
      ) : (
        <Ended run={run} />
      )}
    </>
  );
}
