import { Alert, Button, Checkbox, FileButton, Group, List, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answered } from '../../api/client';
import { useMay } from '../../api/queries';
import { Confirm } from '../../components/Confirm';
import { Listing } from '../../components/Listing';
import { Problem } from '../../components/Problem';
import { Tag } from '../../components/Tag';
import { type Applied, consequence, split, whatBecomes } from '../../lib/applied';
import { download } from '../../lib/download';
import { many } from '../../lib/words';
import { Section } from './Section';

const colors = { good: 'green', changed: 'blue', lost: 'red', quiet: 'gray' };

// The catalog is YAML, which the client of the API does not speak.
const exported = async () =>
  download('rollcall.yaml', 'application/yaml', await (await answered(new Request('/api/v1/catalog'))).text());

async function apply(text: string, prune: boolean, dryRun: boolean): Promise<Applied> {
  const query = new URLSearchParams({ dry_run: String(dryRun), prune: String(prune) });
  const request = new Request(`/api/v1/catalog?${query}`, { method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: text });
  return (await answered(request)).json();
}

function Outcome({ applied }: { applied: Applied }) {
  const { different, same } = split(applied);
  return (
    <Stack gap="sm">
      <Text fw={600}>{applied.dry_run ? consequence(applied) : `Done: ${consequence(applied)}`}</Text>
      {different.length > 0 && (
        <Listing
          label="What the file changes"
          rows={different}
          rowKey={(one) => one.kind + one.name}
          columns={[
            {
              head: 'What',
              short: true,
              cell: (one) => {
                const { text, tone } = whatBecomes(one, applied.dry_run);
                return <Tag color={colors[tone]}>{text}</Tag>;
              },
            },
            { head: 'Kind', short: true, cell: (one) => one.kind },
            { head: 'Name', cell: (one) => <span dir="auto">{one.old_name ? `${one.old_name} → ${one.name}` : one.name}</span> },
            { head: 'Which keys', cell: (one) => one.keys ?? '–' },
          ]}
        />
      )}
      {applied.warnings.length > 0 && (
        <Alert color="orange" variant="light" title={many(applied.warnings.length, 'warning')}>
          <List size="sm">
            {applied.warnings.map((one) => (
              <List.Item key={one}>{one}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {same.length > 0 && (
        <details>
          <Text component="summary" size="sm">
            {many(same.length, 'object stays as it is', 'objects stay as they are')}
          </Text>
          <List size="sm">
            {same.map((one) => (
              <List.Item key={one.kind + one.name}>
                {one.kind} {one.name}
                {one.what === 'not_in_file' && ' (not in the file)'}
              </List.Item>
            ))}
          </List>
        </details>
      )}
    </Stack>
  );
}

function Import() {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [file, setFile] = useState('');
  const [prune, setPrune] = useState(false);
  const [asking, setAsking] = useState(false);
  const look = useMutation({ mutationFn: () => apply(text, prune, true) });
  const bring = useMutation({
    mutationFn: () => apply(text, prune, false),
    onSuccess: () => client.invalidateQueries(),
  });
  // What was found out is of the text as it was then.
  const edit = (change: () => void) => {
    change();
    look.reset();
    bring.reset();
  };
  const read = async (chosen: File | null) => {
    if (!chosen) return;
    const content = await chosen.text();
    edit(() => {
      setText(content);
      setFile(chosen.name);
    });
  };
  const different = look.data ? split(look.data).different : [];
  const lost = different.filter((one) => one.what === 'removed' || one.what === 'archived');

  return (
    <Stack>
      <Group>
        <FileButton onChange={read} accept=".yaml,.yml,.json,application/yaml">
          {(props) => (
            <Button variant="default" {...props}>
              Choose a catalog file
            </Button>
          )}
        </FileButton>
        {file && <Text size="sm">{file}</Text>}
      </Group>
      <Textarea
        label="The file"
        description="Or paste it here. Secrets that read “stored” stay what they are; nothing of the server's machine can be referred to."
        placeholder={'version: 1\nsegments:\n  - name: …'}
        autosize
        minRows={4}
        maxRows={16}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          const value = event.currentTarget.value;
          edit(() => setText(value));
        }}
      />
      <Checkbox
        label="Also remove what the file does not name"
        description="Activations are archived: their lists stay in Iterable, and are not kept true any more"
        checked={prune}
        onChange={(event) => {
          const value = event.currentTarget.checked;
          edit(() => setPrune(value));
        }}
      />
      <Group>
        <Button loading={look.isPending} disabled={!text.trim()} onClick={() => look.mutate()}>
          Show what would change
        </Button>
      </Group>
      <Stack gap="sm" role="status">
        {look.isError && <Problem error={look.error} title="The file cannot be brought in; nothing was changed" />}
        {look.data && !bring.data && (
          <>
            <Outcome applied={look.data} />
            {different.length > 0 && (
              <Group>
                <Button color={lost.length > 0 ? 'red' : undefined} onClick={() => setAsking(true)}>
                  Bring it in
                </Button>
              </Group>
            )}
          </>
        )}
        {bring.data && <Outcome applied={bring.data} />}
      </Stack>
      <Confirm
        opened={asking}
        title="Bring this file in?"
        verb="Bring it in"
        danger={lost.length > 0}
        onConfirm={() => bring.mutateAsync()}
        onClose={() => setAsking(false)}
      >
        <Text>{look.data && consequence(look.data)} Runs that are due go by the new catalog.</Text>
        {lost.length > 0 && <Text mt="xs">Lost: {lost.map((one) => `${one.kind} ${one.name}`).join(', ')}.</Text>}
      </Confirm>
    </Stack>
  );
}

// One catalog, both ways: what the page makes is a file, and what a file says is in the page.
export function CatalogFile() {
  const isEditor = useMay('editor');
  const save = useMutation({ mutationFn: exported });
  return (
    <Section
      title="The catalog as a file"
      about="Sources, models, segments, destinations and activations as one YAML file: to keep it under version control, to move it to another Rollcall, or to change many objects at once. The command line reads and writes the same."
    >
      <Stack gap="lg">
        <Group>
          <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
            Download the catalog
          </Button>
          <Text size="sm" c="dimmed">
            It bears no secret.
          </Text>
        </Group>
        {save.isError && <Problem error={save.error} title="The file was not made" />}
        {isEditor ? (
          <Import />
        ) : (
          <Text size="sm" c="dimmed">
            To bring a file in, you need the role editor.
          </Text>
        )}
      </Stack>
    </Section>
  );
}
