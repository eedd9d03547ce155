import { Anchor, Badge, Group, Paper, Stack, Text, ThemeIcon, Timeline, Title, VisuallyHidden } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import { KeyValue } from '../../components/KeyValue';
import { Problem } from '../../components/Problem';
import { When } from '../../components/When';
import type { Moment, Story, Tone, Why } from '../../lib/story';
import type { One } from './use-stories';

const colors: Record<Tone, string> = { good: 'green', waiting: 'orange', bad: 'red', quiet: 'gray' };

function Conditions({ story, why }: { story: Story; why: Why }) {
  if (story.conditions.length === 0) return null;
  const words = { all: 'All of these must hold', any: 'One of these must hold', none: 'None of these may hold' };
  const rule = words[why.rule.combined as keyof typeof words] ?? why.rule.combined;
  return (
    <div>
      <Text size="sm" c="dimmed">
        {why.segment}: {rule.charAt(0).toLowerCase()}
        {rule.slice(1)}
      </Text>
      <Stack component="ul" gap={4} pl={0} m={0} mt={4} style={{ listStyle: 'none' }}>
        {story.conditions.map((one) => (
          <Group component="li" key={one.rule} gap="xs" wrap="nowrap" align="flex-start">
            <ThemeIcon size={18} radius="xl" variant="light" color={one.holds === null ? 'gray' : one.holds ? 'green' : 'red'} aria-hidden mt={2}>
              {one.holds === null ? '?' : one.holds ? '✓' : '✗'}
            </ThemeIcon>
            <Text size="sm" fw={one.decides ? 600 : undefined} dir="auto">
              <VisuallyHidden>{one.holds === null ? 'Not known: ' : one.holds ? 'Holds: ' : 'Does not hold: '}</VisuallyHidden>
              {one.rule}
            </Text>
          </Group>
        ))}
      </Stack>
    </div>
  );
}

function Moments({ moments }: { moments: Moment[] }) {
  return (
    <Timeline bulletSize={14} lineWidth={2} active={moments.length}>
      {moments.map((one, i) => (
        <Timeline.Item key={i} color={colors[one.tone]} title={one.what} styles={{ itemTitle: { fontSize: 'var(--mantine-font-size-sm)', fontWeight: 500 } }}>
          {one.at && (
            <Text size="sm" c="dimmed" component="div">
              <When at={one.at} />
            </Text>
          )}
          {one.more && (
            <Text size="sm" c="dimmed">
              {one.more}
            </Text>
          )}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

// One activation's part of a person's story. Where nothing happens, it is one line that opens.
export function StoryCard({ one }: { one: One }) {
  const { told, story } = one;
  const id = `story-${told.asked.uid}-${told.key}`;
  const head = (
    <Group gap="sm" justify="space-between">
      <div>
        <Title order={2} size="h3" id={id} dir="auto">
          <Anchor component={Link} to={`/activations/${told.asked.uid}`} inherit>
            {told.asked.name}
          </Anchor>
        </Title>
        <Text size="sm" c="dimmed">
          to {told.asked.destination}
          {told.why?.list && `, list ${told.why.list.id}`}
        </Text>
      </div>
      {story && (
        <Badge color={colors[story.tone]} variant="dot" size="lg" radius="sm" tt="none" fw={600} style={{ height: 'auto', whiteSpace: 'normal' }} styles={{ label: { whiteSpace: 'normal', overflow: 'visible' } }}>
          {story.headline}
        </Badge>
      )}
    </Group>
  );
  if (!told.why || !story)
    return (
      <Paper withBorder p="md" component="section" aria-labelledby={id}>
        <Stack gap="sm">
          {head}
          <Problem error={told.problem} title="It could not be asked" />
        </Stack>
      </Paper>
    );
  const why = told.why;
  const body = (
    <Stack gap="md" mt="sm">
      {story.tone !== 'quiet' && <Text size="sm">{story.because}</Text>}
      <Conditions story={story} why={why} />
      <Moments moments={story.moments} />
      <KeyValue
        pairs={[
          ['Matched by', `${why.key_field} = ${why.key}`],
          ...(why.primary_keys.length > 0
            ? [[why.primary_keys.length === 1 ? 'Primary key' : 'Primary keys', why.primary_keys.join(', ')] as [string, string]]
            : []),
          ...(why.attributes_to_write.length > 0 ? [['To be written', why.attributes_to_write.join(', ')] as [string, string]] : []),
        ]}
      />
      {why.primary_keys.length > 1 && (
        <Text size="sm" c="dimmed">
          Several rows have this key: the first counts, the others are left out as duplicates.
        </Text>
      )}
    </Stack>
  );
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={id}>
      {head}
      {story.tone === 'quiet' ? (
        <details>
          <Text component="summary" size="sm" mt="xs">
            {story.because}
          </Text>
          {body}
        </details>
      ) : (
        body
      )}
    </Paper>
  );
}
