import { Button, FileButton, Group, List, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useState } from 'react';

import { filesQuery, type UploadedFile, uploadFile } from '../../api/catalog';
import { Problem } from '../../components/Problem';
import { fileName, folderOf, inFolder, sizeText } from '../../lib/files';

const endings: Record<string, string> = { csv: '.csv,.tsv,.txt,.csv.gz,.tsv.gz,.csv.zst,.tsv.zst,.gz,.zst', parquet: '.parquet' };

/** Brings files into the folder that the service owns. A source over that folder has every file in it as a table. */
export function Upload({ kind, path, onPath, onDone }: { kind: string; path: string; onPath: (folder: string) => void; onDone?: (files: UploadedFile[]) => void }) {
  const client = useQueryClient();
  const all = useQuery({ ...filesQuery, retry: false });
  const [over, setOver] = useState(false);
  const [done, setDone] = useState<UploadedFile[]>([]);
  const sending = useMutation({
    mutationFn: async (files: File[]) => {
      const sent: UploadedFile[] = [];
      for (const file of files) sent.push({ ...(await uploadFile(file)), name: file.name });
      return sent;
    },
    onSuccess: (sent) => {
      setDone((before) => [...before.filter((one) => !sent.some((other) => other.path === one.path)), ...sent]);
      if (sent[0]) onPath(folderOf(sent[0].path));
      onDone?.(sent);
      void client.invalidateQueries({ queryKey: filesQuery.queryKey });
    },
  });
  const send = (files: File[]) => files.length > 0 && sending.mutate(files);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    send([...event.dataTransfer.files]);
  };
  const earlier = (all.data ?? []).filter((one) => !done.some((other) => other.path === one.path) && inFolder(one.path, path));
  // A service without a folder of its own has no such route.
  if (all.isError && all.error.status === 404) return null;
  return (
    <Paper
      withBorder
      p="md"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      bg={over ? 'var(--mantine-primary-color-light)' : undefined}
      style={{ borderStyle: 'dashed' }}
    >
      <Stack gap="xs">
        <Group>
          <FileButton onChange={send} accept={endings[kind]} multiple>
            {(props) => (
              <Button {...props} loading={sending.isPending} variant="light">
                Upload files
              </Button>
            )}
          </FileButton>
          <Text size="sm" c="dimmed" flex="1 1 12rem">
            or drop them here. Each file becomes a table. A file of the same name is replaced.
          </Text>
        </Group>
        {sending.isError && <Problem error={sending.error} />}
        <div role="status">
          {done.length > 0 && (
            <List size="sm">
              {done.map((one) => (
                <List.Item key={one.path}>
                  <b dir="auto">{one.name ?? fileName(one.path)}</b> is uploaded, {sizeText(one.bytes)}
                </List.Item>
              ))}
            </List>
          )}
        </div>
        {earlier.length > 0 && (
          <Text size="sm" c="dimmed">
            There already: {earlier.map((one) => one.name ?? fileName(one.path)).join(', ')}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
