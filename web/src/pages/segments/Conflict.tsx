// Two people changed one segment: both are shown, and nothing is lost before somebody chose.
import { Button, Group, Modal, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';

import type { Tagged } from '../../api/client';
import type { StoredSegment } from '../../api/segments';
import { KeyValue } from '../../components/KeyValue';
import type { Draft } from '../../rule/draft';
import { sentence } from '../../rule/words';
import type { Speaker } from '../../rule/words';
import { draftOf } from './body';

function Side({ title, draft, speaker }: { title: string; draft: Draft; speaker: Speaker }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={3} size="h5" mb="xs">
        {title}
      </Title>
      <Text dir="auto" mb="xs">
        {sentence(speaker, draft.model, draft.root)}
      </Text>
      <KeyValue
        pairs={[
          ['Name', draft.name],
          ['Description', draft.description || '–'],
          ['Tags', draft.tags.join(', ') || '–'],
        ]}
      />
    </Paper>
  );
}

export function Conflict({
  theirs,
  mine,
  speaker,
  saving,
  onTheirs,
  onMine,
  onClose,
}: {
  theirs: Tagged<StoredSegment> | undefined;
  mine: Draft;
  speaker: Speaker;
  saving: boolean;
  onTheirs: () => void;
  onMine: () => void;
  onClose: () => void;
}) {
  return (
    <Modal opened={theirs !== undefined} onClose={onClose} size="xl" title="Somebody else changed this segment">
      {theirs && (
        <Stack>
          <Text size="sm">It was saved by somebody else after you opened it. Nothing of yours is stored yet.</Text>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Side title="Theirs, stored now" draft={draftOf(theirs.value)} speaker={speaker} />
            <Side title="Yours, not stored" draft={mine} speaker={speaker} />
          </SimpleGrid>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Go on editing mine
            </Button>
            <Button variant="default" onClick={onTheirs}>
              Take theirs
            </Button>
            <Button onClick={onMine} loading={saving}>
              Save mine in its place
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
