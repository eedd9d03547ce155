import { Group, List, Paper, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';

import type { UnderWay as Live } from '../api/activations';
import { metaQuery } from '../api/queries';
import { leftOf, rateOf } from '../lib/progress';
import { span } from '../lib/time';
import { count, people } from '../lib/words';

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

// The steps' names as people read them.
export function useStepWords(): (step: string) => string {
  const meta = useQuery(metaQuery);
  return (step) => upper(meta.data?.steps.find((one) => one.step === step)?.in_words ?? step.replaceAll('_', ' '));
}

// A run or an audit under way: its steps, how quickly they go, what is left.
export function UnderWay({ live, action }: { live: Live; action?: ReactNode }) {
  const words = useStepWords();
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const last = live.steps.at(-1);
  const rate = last && rateOf(last, now);
  const left = last && leftOf(last, now);
  const seconds = Math.max(0, (now.getTime() - new Date(live.started_at).getTime()) / 1000);
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h3">
            {live.work === 'audit' ? 'Reading the list' : 'A run is under way'}
          </Title>
          {action}
        </Group>
        <Text size="sm" role="status" aria-live="polite">
          {last ? words(last.step) : 'Starting'}
        </Text>
        <Progress
          value={last && last.total > 0 ? Math.min(100, (100 * last.done) / last.total) : 100}
          animated={!last || last.total === 0}
          aria-label={last ? words(last.step) : 'Starting'}
        />
        <Group gap="lg">
          {last && last.done > 0 && (
            <Text size="sm" className="numbers">
              {last.total > 0 ? `${count(last.done)} of ${people(last.total)}` : people(last.done)}
            </Text>
          )}
          {rate !== undefined && (
            <Text size="sm" className="numbers">
              {rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} a second
            </Text>
          )}
          {left !== undefined && (
            <Text size="sm" className="numbers">
              about {span(left)} left of this step
            </Text>
          )}
          <Text size="sm" c="dimmed" className="numbers">
            for {span(seconds)}
          </Text>
        </Group>
        {live.steps.length > 1 && (
          <List size="sm" type="ordered">
            {live.steps.map((step, i) => (
              <List.Item key={i} fw={i === live.steps.length - 1 ? 600 : undefined}>
                {words(step.step)}
                {step.done > 0 && i < live.steps.length - 1 ? `: ${people(step.done)}` : ''}
              </List.Item>
            ))}
          </List>
        )}
        {live.notes.map((note, i) => (
          <Text key={i} size="sm">
            {note}
          </Text>
        ))}
      </Stack>
    </Paper>
  );
}
