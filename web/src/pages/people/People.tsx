import { Alert, Button, Group, List, Paper, Progress, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useNavigate, useSearch as useParameters } from '@tanstack/react-router';
import { useState } from 'react';

import { Empty } from '../../components/Empty';
import { KeyValue } from '../../components/KeyValue';
import { NeedsRole } from '../../components/NeedsRole';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { many } from '../../lib/words';
import { StoryCard } from './StoryCard';
import { type Search, useSearch } from './use-search';
import { standing, useStories } from './use-stories';

// What the data say of them, so that one sees whether it is the right person.
function Found({ rows }: { rows: Search['rows'] }) {
  return rows.map(({ model, primaryKey, row }) => {
    const values = Object.entries(row).filter(([, value]) => value !== null && typeof value !== 'object');
    const first = values.slice(0, 8);
    return (
      <Paper withBorder p="md" key={model + String(row[primaryKey])} component="section" aria-label={`${model} ${String(row[primaryKey])}`}>
        <Text size="sm" c="dimmed" mb={6}>
          In the data: {model}
        </Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing={6}>
          {[first.slice(0, 4), first.slice(4)].map((half, i) => (
            <KeyValue key={i} pairs={half.map(([key, value]) => [key, String(value)])} />
          ))}
        </SimpleGrid>
        {values.length > first.length && (
          <details>
            <Text component="summary" size="sm" mt={6}>
              {many(values.length - first.length, 'more field')}
            </Text>
            <KeyValue pairs={values.slice(first.length).map(([key, value]) => [key, String(value)])} />
          </details>
        )}
      </Paper>
    );
  });
}

// Every answer draws all the cards that are shown anew.
const cardsAtOnce = 20;

function Stories({ typed }: { typed: string }) {
  const [shown, setShown] = useState(cardsAtOnce);
  const search = useSearch(typed);
  const stories = useStories(search);
  const asked = search.told.length + search.notAsked.length;
  if (search.problem) return <Problem error={search.problem} title="The search did not work" />;
  if (search.done && search.activations === 0)
    return (
      <Empty title="Nothing is activated yet">
        A person's story tells where they stand on each list. It begins with the first activation of a segment.
      </Empty>
    );
  // What could not be asked may know them.
  const allAnswered = search.problems.length === 0 && stories.every((one) => one.told.why);
  const nowhere = search.done && allAnswered && search.rows.length === 0 && stories.every((one) => !one.told.why?.ledger);
  return (
    <Stack gap="lg">
      <div role="status">
        {!search.done ? (
          <Stack gap={6}>
            <Text size="sm" c="dimmed">
              {asked === 0 ? 'Looking in the data…' : `Asked ${asked} of ${many(search.activations, 'activation')}…`}
            </Text>
            <Progress value={search.activations ? (100 * asked) / search.activations : 0} aria-label="Activations asked" />
          </Stack>
        ) : nowhere ? (
          <Alert color="orange" variant="light" title={`“${typed}” is in no model and on no list`}>
            Look for typing mistakes. A person is found by what an activation matches by, an e-mail address or a user ID, or by the
            primary key of their row.
          </Alert>
        ) : (
          <Text fw={600}>{standing(stories)}</Text>
        )}
      </div>
      {search.problems.map(({ model, problem }) => (
        <Problem key={model} error={problem} title={`The data of ${model} cannot be read, so only what runs remember is told`} />
      ))}
      {search.rows.length > 1 && (
        <Text size="sm">
          {many(search.rows.length, 'row')} {search.rows.length === 1 ? 'has' : 'have'} this key. Each is told of below by its own key.
        </Text>
      )}
      <Found rows={search.rows} />
      {!nowhere && stories.slice(0, shown).map((one) => <StoryCard key={one.told.asked.uid + one.told.key} one={one} />)}
      {!nowhere && search.done && stories.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + 10 * cardsAtOnce)}>
          Show more of {many(stories.length, 'activation')}
        </Button>
      )}
      {search.done && search.notAsked.length > 0 && !nowhere && (
        <section aria-labelledby="not-asked">
          <Title order={2} size="h3" id="not-asked">
            Not asked
          </Title>
          <Text size="sm" c="dimmed">
            They match by a key that “{typed}” is not, and no row of the data tells theirs:
          </Text>
          <List size="sm">
            {search.notAsked.map((one) => (
              <List.Item key={one.uid}>
                {one.name}, matched by {one.keyField}
              </List.Item>
            ))}
          </List>
        </section>
      )}
    </Stack>
  );
}

function Person() {
  const { key = '' } = useParameters({ from: '/shell/people' });
  const navigate = useNavigate();
  const [typed, setTyped] = useState(key);
  return (
    <>
      <PageHead
        title="People"
        about="Why somebody is on a list or not: in the segment or not and by which condition, what was written and answered, and what the next run does."
      />
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ to: '/people', search: typed.trim() ? { key: typed.trim() } : {} });
        }}
      >
        <Group align="flex-end" gap="xs" mb="lg" maw={560} wrap="nowrap">
          <TextInput
            label="E-mail address, user ID or primary key"
            placeholder="ann@example.com"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            style={{ flex: 1 }}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" disabled={!typed.trim()}>
            Find
          </Button>
        </Group>
      </form>
      {key ? (
        <Stories key={key} typed={key} />
      ) : (
        <Empty title="Whose story?">
          Type what somebody is known by. All activations are asked at once, and each tells what it knows; nothing is changed and
          Iterable is not asked.
        </Empty>
      )}
    </>
  );
}

export default function People() {
  return (
    <NeedsRole needs="operator" page="People">
      <Person />
    </NeedsRole>
  );
}
