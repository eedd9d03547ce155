import { Alert, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { everythingQuery } from '../api/catalog';
import { useMay } from '../api/queries';
import { firstSteps, type StepName } from '../lib/first-steps';

const next: Record<StepName, { to: string; verb: string; about: string }> = {
  source: { to: '/sources/new', verb: 'Connect a source', about: 'Say where your customers’ data are.' },
  model: { to: '/models/new', verb: 'Make a model', about: 'Say which table holds people, and what tells them apart.' },
  segment: { to: '/segments/new', verb: 'Build a segment', about: 'Choose the people that a list shall hold.' },
  destination: { to: '/destinations/new', verb: 'Connect Iterable', about: 'Say in which project the list shall be.' },
  activation: { to: '/activations/new', verb: 'Activate a segment', about: 'Rollcall makes the list in Iterable, and keeps it true.' },
};

/** Until the first list is kept: what comes next on the way to it. `done`: the step whose page this is. */
export function NextStep({ done }: { done: StepName }) {
  const all = useQuery(everythingQuery).data;
  const mayEdit = useMay('editor');
  if (!all || !mayEdit) return null;
  const steps = firstSteps(all);
  const open = steps.find((one) => one.state === 'next');
  if (!open || open.step === done || steps.find((one) => one.step === done)?.state !== 'done') return null;
  const { to, verb, about } = next[open.step];
  return (
    <Alert color="blue" variant="light" title="Next on the way to your first list" mb="lg">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{about}</Text>
        <Group gap="xs">
          <Button size="xs" variant="default" component={Link} to="/start">
            All steps
          </Button>
          <Button size="xs" component={Link} to={to}>
            {verb}
          </Button>
        </Group>
      </Group>
    </Alert>
  );
}
