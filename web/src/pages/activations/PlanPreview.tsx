import { Alert, Badge, Button, Checkbox, Group, SegmentedControl, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

import { planned } from '../../api/activations';
import type { Plan, Progress } from '../../api/activations';
import { asProblem } from '../../api/problem';
import type { Problem as Told } from '../../api/problem';
import { Figure } from '../../components/Figure';
import { PeopleTable } from '../../components/PeopleTable';
import { Problem } from '../../components/Problem';
import { Waiting } from '../../components/Loading';
import { useStepWords } from '../../components/UnderWay';
import { span } from '../../lib/time';
import { guardInWords } from '../../lib/numbers';
import { count, list, many, people } from '../../lib/words';

const changes: Record<string, string> = { entered: 'Enters', left: 'Leaves', changed: 'Changes', retried: 'Tried again' };

// A long question to the service, with its progress, that can be stopped and asked again.
export function useAsked<T>(ask: (signal: AbortSignal) => AsyncGenerator<Progress | { result: T }>) {
  const [progress, setProgress] = useState<Progress>();
  const [result, setResult] = useState<T>();
  const [error, setError] = useState<Told>();
  const current = useRef<AbortController>(undefined);
  const begin = async () => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    setError(undefined);
    setResult(undefined);
    setProgress({ done: 0, total: 0, notes: [] });
    try {
      for await (const told of ask(mine.signal)) {
        if (mine.signal.aborted) return;
        if ('result' in told) setResult(told.result);
        else setProgress(told);
      }
    } catch (problem) {
      if (!mine.signal.aborted) setError(asProblem(problem));
    }
    if (!mine.signal.aborted) setProgress(undefined);
  };
  const stop = () => {
    current.current?.abort();
    setProgress(undefined);
  };
  useEffect(() => () => current.current?.abort(), []);
  return { progress, result, error, begin, stop };
}

export function AskedProgress({ progress, stop }: { progress: Progress; stop: () => void }) {
  const words = useStepWords();
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text role="status" aria-live="polite">
          {progress.step ? words(progress.step) : 'Asking'}
          {progress.done > 0 && `: ${count(progress.done)}${progress.total ? ` of ${count(progress.total)}` : ''}`} …
        </Text>
        <Button variant="default" size="xs" onClick={stop}>
          Stop looking
        </Button>
      </Group>
      <Waiting lines={5} />
    </Stack>
  );
}

function People({ plan }: { plan: Plan }) {
  const kinds = Object.keys(changes).filter((kind) => plan.people.some((one) => one.change === kind));
  const strangers = plan.people.filter((one) => one.contact === false).length;
  const [kind, setKind] = useState('all');
  const shown = plan.people.filter((one) => kind === 'all' || (kind === 'strangers' ? one.contact === false : one.change === kind));
  if (plan.people.length === 0) return <Text>Nothing would change: the list is as the segment is.</Text>;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <SegmentedControl
          aria-label="Which people"
          value={kind}
          onChange={setKind}
          data={[
            { value: 'all', label: 'All' },
            ...kinds.map((one) => ({ value: one, label: changes[one]! })),
            ...(strangers ? [{ value: 'strangers', label: 'No contact yet' }] : []),
          ]}
        />
        {!plan.people_complete && (
          <Text size="sm" c="dimmed">
            A sample of {count(plan.people.length)}; “Name everybody” shows all.
          </Text>
        )}
      </Group>
      <PeopleTable
        label="People whom the next run is about"
        heads={[
          { key: 'key', label: 'Match key' },
          { key: 'change', label: 'What happens' },
          { key: 'why', label: 'Why' },
          { key: 'contact', label: 'In Iterable' },
          { key: 'attributes', label: 'Attributes' },
        ]}
        rows={shown.map((one) => ({
          key: one.key,
          values: {
            key: one.key,
            change: one.contact === false && one.change !== 'left' ? 'Left out' : changes[one.change],
            why: one.why,
            contact: one.contact === undefined ? 'not looked up' : one.contact ? 'contact' : 'no contact yet',
            attributes: one.attributes.length ? one.attributes.join(', ') : undefined,
          },
        }))}
      />
    </Stack>
  );
}

export function PlanResult({ plan }: { plan: Plan }) {
  const lookedUp = plan.people.some((one) => one.contact !== undefined);
  const strangers = plan.people.filter((one) => one.contact === false).length;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Figure
          label="Enter"
          n={plan.changes.entered}
          hint={lookedUp && strangers ? `${plan.people_complete ? '' : 'at least '}${people(strangers)} no contact yet` : undefined}
        />
        <Figure label="Leave" n={plan.changes.left} />
        <Figure label="Change" n={plan.changes.changed} />
        <Figure label="Looked up again" n={plan.changes.retried} />
      </SimpleGrid>
      <Text size="sm">
        {plan.list.charAt(0).toUpperCase() + plan.list.slice(1).replaceAll('`', '')}. The segment has {people(plan.segment.members)}
        {plan.segment.no_key + plan.segment.invalid_key + plan.segment.duplicate_key > 0 &&
          ` with a match key; ${people(plan.segment.no_key + plan.segment.invalid_key + plan.segment.duplicate_key)} without one, with a wrong one or with somebody else’s`}
        . It takes about {many(plan.forecast.calls, 'call')} to Iterable and {span(plan.forecast.seconds)}.
        {plan.fields.to_create.length > 0 && ` New in Iterable: ${list(plan.fields.to_create)}.`}
      </Text>
      {plan.fields.missing.length > 0 && (
        <Alert color="red" variant="light" title="Attributes that Iterable does not have">
          {list(plan.fields.missing)}: make them new attributes, or choose others.
        </Alert>
      )}
      {!plan.guard.passed && (
        <Alert color="orange" variant="light" title="The guard would stop this run">
          {plan.guard.breaches.map((one) => (
            <Text key={one.limit} size="sm">
              {guardInWords(one.message)}
            </Text>
          ))}
        </Alert>
      )}
      {plan.warnings.map((warning, i) => (
        <Text key={i} size="sm">
          {warning}
        </Text>
      ))}
      <People plan={plan} />
    </Stack>
  );
}

// What the next run would do: nothing is written by looking.
export function PlanPreview({ uid, onPlan }: { uid: string; onPlan?: (plan: Plan | undefined) => void }) {
  const [all, setAll] = useState(false);
  const asked = useAsked<Plan>((signal) => planned(uid, { prove: true, all }, signal));
  const { begin, result } = asked;
  useEffect(() => {
    void begin();
    // Once for each activation and extent.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [uid, all]);
  useEffect(() => onPlan?.(result), [onPlan, result]);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={2}>What the next run would do</Title>
          <Badge variant="light" color="gray" tt="none">
            nothing is sent by looking
          </Badge>
        </Group>
        <Group>
          <Checkbox label="Name everybody" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
          <Button variant="default" size="xs" disabled={!!asked.progress} onClick={() => void begin()}>
            Look again
          </Button>
        </Group>
      </Group>
      {asked.error && <Problem error={asked.error} />}
      {asked.progress && <AskedProgress progress={asked.progress} stop={asked.stop} />}
      {result && !asked.progress && <PlanResult plan={result} />}
    </Stack>
  );
}
