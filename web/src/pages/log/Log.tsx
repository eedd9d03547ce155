import { Button, Group, Paper, Select, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { allOfLog, type LogFilter, logQuery } from '../../api/admin';
import { Differences } from '../../components/Differences';
import { Empty } from '../../components/Empty';
import { Waiting } from '../../components/Loading';
import { NeedsRole } from '../../components/NeedsRole';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { When } from '../../components/When';
import { download } from '../../lib/download';
import { ACTIONS, changesOf, LOG_KINDS, logAsCsv, type LogLine, sentence, summary } from '../../lib/log';
import { zone } from '../../lib/time';
import classes from './Log.module.css';

function Entry({ line }: { line: LogLine }) {
  const [open, setOpen] = useState(false);
  const changes = changesOf(line);
  const keys = summary(line);
  const said = (
    <>
      <Text size="sm" dir="auto">
        <b>{line.who}</b> {sentence(line)}
      </Text>
      {keys && (
        <Text size="sm" c="dimmed">
          {keys}
        </Text>
      )}
    </>
  );
  return (
    <li className={classes.entry}>
      <div className={classes.when}>
        <When at={line.at} />
      </div>
      <div className={classes.what}>
        {changes.length === 0 ? (
          said
        ) : (
          <UnstyledButton className={classes.more} onClick={() => setOpen(!open)} aria-expanded={open}>
            <span aria-hidden className={classes.mark}>
              {open ? '▾' : '▸'}
            </span>
            <span>{said}</span>
          </UnstyledButton>
        )}
        {open && (
          <Paper withBorder p="xs" mt="xs">
            <Differences lines={changes} label={`What changed, line ${line.number}`} />
            <Text size="xs" c="dimmed" mt="xs">
              From {line.address || 'this machine'} · {line.kind} {line.uid}
            </Text>
          </Paper>
        )}
      </div>
    </li>
  );
}

// A day in the viewer's zone as a time in UTC; `days` later for the end of a span.
function dayIn(date: string, days: number): string | undefined {
  const parts = date.split('-').map(Number);
  if (parts.length !== 3) return undefined;
  const at = new Date(parts[0]!, parts[1]! - 1, parts[2]! + days);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().slice(0, 19) + 'Z';
}

function Lines() {
  const [who, setWho] = useState('');
  const [action, setAction] = useState<string | null>(null);
  const [kind, setKind] = useState<string | null>(null);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [settled] = useDebouncedValue(who.trim(), 300);
  const filter: LogFilter = {
    ...(settled ? { who: settled } : {}),
    ...(action ? { action } : {}),
    ...(kind ? { kind } : {}),
    ...(dayIn(from, 0) ? { from: dayIn(from, 0) } : {}),
    ...(dayIn(to, 1) ? { to: dayIn(to, 1) } : {}),
  };
  const filtered = Object.keys(filter).length > 0;
  const log = useInfiniteQuery(logQuery(filter));
  const save = useMutation({
    mutationFn: async () =>
      download(`rollcall-log-${new Date().toISOString().slice(0, 10)}.csv`, 'text/csv', logAsCsv(await allOfLog(filter))),
  });
  const clear = () => {
    setWho('');
    setAction(null);
    setKind(null);
    setFrom('');
    setTo('');
  };
  const lines = log.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <>
      <PageHead
        title="Log"
        about="Who did what, the newest first. It names no person of your data."
        actions={
          <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
            {filtered ? 'Download these as CSV' : 'Download as CSV'}
          </Button>
        }
      />
      <Stack>
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" role="search" aria-label="Which lines">
          <TextInput label="Who" placeholder="ann@example.com" value={who} onChange={(event) => setWho(event.currentTarget.value)} />
          <Select label="What was done" placeholder="Anything" data={ACTIONS} value={action} onChange={setAction} clearable searchable />
          <Select label="With what" placeholder="Anything" data={[...LOG_KINDS]} value={kind} onChange={setKind} clearable />
          <TextInput label="From" type="date" value={from} max={to || undefined} onChange={(event) => setFrom(event.currentTarget.value)} />
          <TextInput label="To" type="date" value={to} min={from || undefined} onChange={(event) => setTo(event.currentTarget.value)} />
        </SimpleGrid>
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            Days in {zone()}. “Who” is an e-mail address, <code>token NAME</code> or <code>command line</code>, whole.
          </Text>
          {filtered && (
            <Button variant="subtle" size="compact-sm" onClick={clear}>
              Show all
            </Button>
          )}
        </Group>
        {save.isError && <Problem error={save.error} title="The file was not made" />}
        {log.isError && <Problem error={log.error} />}
        {log.isPending && <Waiting lines={8} />}
        {log.isSuccess && lines.length === 0 && (
          <Empty title={filtered ? 'No line is like that' : 'Nothing was done yet'}>
            {filtered ? 'Take a filter away to see more.' : 'Whatever people and programs do here is written down, with what it was before.'}
          </Empty>
        )}
        {lines.length > 0 && (
          <ol className={classes.list} aria-label="Log">
            {lines.map((line) => (
              <Entry key={line.number} line={line} />
            ))}
          </ol>
        )}
        {log.hasNextPage && (
          <Button variant="default" loading={log.isFetchingNextPage} onClick={() => log.fetchNextPage()}>
            Show older lines
          </Button>
        )}
      </Stack>
    </>
  );
}

export default function Log() {
  return (
    <NeedsRole needs="admin" page="Log">
      <Lines />
    </NeedsRole>
  );
}
