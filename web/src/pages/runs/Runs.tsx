import { Button, Group, Select } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';

import { runsQuery, statusQuery } from '../../api/activations';
import type { Run } from '../../api/activations';
import type { Schemas } from '../../api/client';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Waiting } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RunBadge, runWords } from '../../components/RunBadge';
import { When } from '../../components/When';
import { span } from '../../lib/time';
import { count } from '../../lib/words';
import { ButtonTo, LinkTo } from '../../components/links';

const triggers: Record<Run['trigger'], string> = { manual: 'by hand', schedule: 'by schedule', api: 'by hand', activation: 'first run' };

export const took = (run: Pick<Run, 'started_at' | 'finished_at'>) =>
  run.finished_at ? span((new Date(run.finished_at).getTime() - new Date(run.started_at).getTime()) / 1000) : '–';

export function RunList({ runs, withActivation }: { runs: Run[]; withActivation: boolean }) {
  return (
    <Listing
      label="Runs, the newest first"
      rows={runs}
      rowKey={(run) => run.uid}
      columns={[
        {
          head: 'Begun',
          cell: (run) => (
            <LinkTo to="/runs/$uid" params={{ uid: run.uid }}>
              <When at={run.started_at} inLink />
            </LinkTo>
          ),
        },
        ...(withActivation
          ? [{ head: 'Activation', cell: (run: Run) => <LinkTo to="/activations/$uid" params={{ uid: run.activation_uid }}>{run.activation}</LinkTo> }]
          : []),
        { head: 'How it ended', cell: (run) => <RunBadge status={run.status} /> },
        { head: 'Added', number: true, cell: (run) => count(run.outcomes.added) },
        { head: 'Removed', number: true, cell: (run) => count(run.outcomes.removed) },
        { head: 'Updated', number: true, cell: (run) => count(run.outcomes.updated) },
        { head: 'Not contacts', number: true, cell: (run) => count(run.standing.not_a_contact) },
        { head: 'Refused', number: true, cell: (run) => count(run.standing.rejected) },
        { head: 'On the list', number: true, cell: (run) => count(run.standing.on_list) },
        { head: 'Took', cell: (run) => `${took(run)}, ${triggers[run.trigger]}` },
      ]}
    />
  );
}

export default function Runs() {
  const { activation, status } = useSearch({ from: '/shell/runs' });
  const navigate = useNavigate();
  const filter = { activation, status: status as Schemas['RunStatus'] | undefined };
  const runs = useInfiniteQuery({ ...runsQuery(filter), refetchInterval: 10_000 });
  const activations = useQuery(statusQuery);
  const go = (change: { activation?: string; status?: string }) =>
    navigate({ to: '/runs', search: { activation, status, ...change }, replace: true });
  const all = runs.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <PageHead title="Runs" about="Each time a list was made equal to its segment: what was done, what was not, and why." />
      <Group mb="md" align="flex-end">
        <Select
          label="Activation"
          placeholder="All"
          clearable
          searchable
          data={activations.data?.map((one) => ({ value: one.uid, label: one.name })) ?? []}
          value={activation ?? null}
          onChange={(uid) => go({ activation: uid ?? undefined })}
          clearButtonProps={{ 'aria-label': 'All activations' }}
        />
        <Select
          label="How it ended"
          placeholder="In any way"
          clearable
          data={Object.entries(runWords).map(([value, label]) => ({ value, label }))}
          value={status ?? null}
          onChange={(word) => go({ status: word ?? undefined })}
          clearButtonProps={{ 'aria-label': 'In any way' }}
        />
      </Group>
      {runs.isError && <Problem error={runs.error} />}
      {!all && !runs.isError && <Waiting lines={8} />}
      {all?.length === 0 &&
        (activation || status ? (
          <Empty title="No run is like that" action={<Button variant="default" onClick={() => navigate({ to: '/runs', search: {} })}>Show all runs</Button>} />
        ) : (
          <Empty title="Nothing has run yet" action={<ButtonTo to="/activations">See the activations</ButtonTo>}>
            Once an activation runs, each of its runs stands here with everybody it added, removed or left out.
          </Empty>
        ))}
      {all && all.length > 0 && <RunList runs={all} withActivation={!activation} />}
      {runs.hasNextPage && (
        <Button variant="default" mt="md" loading={runs.isFetchingNextPage} onClick={() => runs.fetchNextPage()}>
          Show older runs
        </Button>
      )}
    </>
  );
}
