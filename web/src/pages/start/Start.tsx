import { Button, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { everythingQuery } from '../../api/catalog';
import { useMay } from '../../api/queries';
import { ExploreDemo } from '../../components/ExploreDemo';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { firstSteps, type StepName, waitsFor } from '../../lib/first-steps';

const texts: Record<StepName, { title: string; about: string; verb: string; to: string; all: string; one: string }> = {
  source: {
    title: 'Connect your data',
    about: 'A source is where your customers and what they did are kept: a database, a warehouse, or files that you upload. Rollcall only reads.',
    verb: 'Connect a source',
    to: '/sources/new',
    all: '/sources',
    one: 'source',
  },
  model: {
    title: 'Say who your people are',
    about: 'A model is a table with a meaning. Choose the table of your customers, and the field that tells them apart. Orders and visits can be added as models of their own.',
    verb: 'Make a model',
    to: '/models/new',
    all: '/models',
    one: 'model of people',
  },
  segment: {
    title: 'Choose whom you want to reach',
    about: 'A segment is a group of people by conditions: those who bought twice, those who have been silent. No SQL is needed, and you see how many they are as you go.',
    verb: 'Build a segment',
    to: '/segments/new',
    all: '/segments',
    one: 'segment',
  },
  destination: {
    title: 'Connect Iterable',
    about: 'A destination is your Iterable project. You need an API key from Iterable; it takes a minute, and the page says where to find it.',
    verb: 'Connect Iterable',
    to: '/destinations/new',
    all: '/destinations',
    one: 'destination',
  },
  activation: {
    title: 'Activate the segment',
    about: 'Rollcall makes a list in Iterable and keeps it equal to your segment: who enters is added, who leaves is removed. It never creates a contact. You see who before anything is sent.',
    verb: 'Activate a segment',
    to: '/activations/new',
    all: '/activations',
    one: 'activation',
  },
};

/** The way to a first list. Where one stands follows from what there is. */
export default function Start() {
  const query = useQuery(everythingQuery);
  const mayEdit = useMay('editor');
  return (
    <>
      <PageHead title="First steps" about="From your data to a list in Iterable that stays true, in five steps. Leave whenever you like: what you made is kept, and you go on here." />
      <Loaded query={query} lines={8}>
        {(all) => {
          const steps = firstSteps(all);
          const done = steps.filter((one) => one.state === 'done').length;
          return (
            <Stack maw={760}>
              <Text role="status">
                {done === steps.length ? 'All five steps are done. Your first list is being kept.' : `${done} of ${steps.length} steps are done.`}
                {!mayEdit && done < steps.length && ' To go on, the role editor is needed; an admin gives it.'}
              </Text>
              <Stack component="ol" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
                {steps.map((one, i) => {
                  const text = texts[one.step];
                  const waits = one.state === 'done' ? undefined : waitsFor(one.step, steps);
                  const next = one.state === 'next';
                  return (
                    <Paper key={one.step} component="li" withBorder p="md" aria-current={next ? 'step' : undefined} style={next ? { borderColor: 'var(--mantine-primary-color-filled)' } : undefined}>
                      <Group align="flex-start" wrap="nowrap" gap="md">
                        <ThemeIcon radius="xl" variant={one.state === 'done' ? 'filled' : next ? 'light' : 'default'} color={one.state === 'done' ? 'green.9' : undefined} aria-hidden>
                          {one.state === 'done' ? '✓' : i + 1}
                        </ThemeIcon>
                        <Stack gap={6} flex={1} miw={0}>
                          <Group gap="xs">
                            <Title order={2} size="h4">
                              {text.title}
                            </Title>
                            {one.state === 'done' && <span className="hidden-text">Done</span>}
                          </Group>
                          {one.state === 'done' ? (
                            <Text size="sm" dir="auto">
                              {one.count === 1 ? one.made!.name : `${one.made!.name} and ${one.count - 1} more`}
                            </Text>
                          ) : (
                            <Text size="sm" c="dimmed">
                              {text.about}
                            </Text>
                          )}
                          {waits && (
                            <Text size="sm">
                              First a {texts[waits].one} is needed.
                            </Text>
                          )}
                          <Group gap="xs">
                            {one.state === 'done' ? (
                              <Button component={Link} to={one.count === 1 ? `/${one.step}s/${one.made!.uid}` : text.all} size="compact-sm" variant="default">
                                Look at it
                              </Button>
                            ) : (
                              mayEdit &&
                              !waits && (
                                <Button component={Link} to={text.to} variant={next ? 'filled' : 'default'}>
                                  {text.verb}
                                </Button>
                              )
                            )}
                          </Group>
                        </Stack>
                      </Group>
                    </Paper>
                  );
                })}
              </Stack>
              {done === 0 && <ExploreDemo />}
            </Stack>
          );
        }}
      </Loaded>
    </>
  );
}
