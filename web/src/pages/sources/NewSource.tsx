import { Button, Group, Paper, SimpleGrid, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';

import { checkObject, makeObject, putObject, type Thing, useRenew } from '../../api/catalog';
import type { Schemas, Tagged } from '../../api/client';
import { metaQuery, sourcesQuery, useMay } from '../../api/queries';
import { asProblem } from '../../api/problem';
import { Findings } from '../../components/Findings';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { NotAllowed } from '../../components/NotAllowed';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { bodyOf, inOrder, inputsOf, kindText, missing, type SourceKind, type Values } from '../../lib/source-forms';
import { list } from '../../lib/words';
import classes from './NewSource.module.css';
import { SourceForm } from './SourceForm';

const families = ['Databases', 'Files', 'Tables in folders'] as const;

function Kinds({ kinds, onChoose }: { kinds: SourceKind[]; onChoose: (kind: string) => void }) {
  return (
    <Stack gap="lg">
      {families.map((family) => {
        const some = inOrder(kinds).filter((one) => kindText(one.kind).family === family);
        if (some.length === 0) return null;
        return (
          <section key={family} aria-label={family}>
            <Title order={2} size="h4" mb="xs">
              {family}
            </Title>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
              {some.map((one) => (
                <UnstyledButton key={one.kind} className={classes.kind} onClick={() => onChoose(one.kind)}>
                  <Text fw={600}>{kindText(one.kind).title}</Text>
                  <Text size="sm" c="dimmed">
                    {kindText(one.kind).about}
                  </Text>
                </UnstyledButton>
              ))}
            </SimpleGrid>
          </section>
        );
      })}
    </Stack>
  );
}

function freeName(wanted: string, taken: string[]): string {
  let name = wanted;
  for (let i = 2; taken.includes(name); ++i) name = `${wanted} ${i}`;
  return name;
}

// What is stored at the first try is changed at the next, until it works.
function Connect({ kind, taken, onBack }: { kind: SourceKind; taken: string[]; onBack: () => void }) {
  const navigate = useNavigate();
  const renew = useRenew();
  const inputs = inputsOf(kind);
  const text = kindText(kind.kind);
  const [name, setName] = useState(() => freeName(kind.of_files ? 'files' : kind.kind, taken));
  const [values, setValues] = useState<Values>({});
  const [asked, setAsked] = useState(false);
  const stored = useRef<Tagged<Thing>>(undefined);
  const [found, setFound] = useState<Schemas['Findings']>();
  const lacks = missing(kind.kind, inputs, values);
  const connecting = useMutation({
    mutationFn: async () => {
      setFound(undefined);
      const body = bodyOf(kind.kind, name, inputs, values);
      const before = stored.current;
      stored.current = before ? await putObject('source', before.value.uid, body, '*') : await makeObject('source', body);
      await renew('source');
      const found = await checkObject('source', stored.current.value.uid);
      setFound(found);
      if (found.ok) await navigate({ to: '/sources/$uid', params: { uid: stored.current.value.uid }, ignoreBlocker: true });
      return found;
    },
  });
  const problem = connecting.isError ? asProblem(connecting.error) : undefined;
  const isPlaced = problem?.at('/name') ?? inputs.some((one) => problem?.at(`/${one.key}`));
  return (
    <>
      <LeaveGuard dirty={!connecting.isPending && !found?.ok && Object.keys(values).length > 0 && !stored.current} />
      <Paper
        component="form"
        noValidate
        withBorder
        p={{ base: 'md', sm: 'xl' }}
        maw={680}
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (lacks.length === 0 && name.trim()) connecting.mutate();
        }}
      >
        <Stack>
          <Group justify="space-between">
            <Title order={2} size="h3">
              {text.title}
            </Title>
            {!stored.current && (
              <Button variant="default" size="compact-sm" onClick={onBack}>
                Another kind
              </Button>
            )}
          </Group>
          <TextInput
            label="Name"
            description="What you and others call it here."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem?.at('/name') ?? (asked && !name.trim() ? 'Give it a name.' : undefined)}
            required
            dir="auto"
          />
          <SourceForm kind={kind} values={values} onChange={setValues} problem={problem} />
          {asked && lacks.length > 0 && (
            <Text c="var(--mantine-color-error)" size="sm" role="alert">
              Still missing: {list(lacks)}.
            </Text>
          )}
          {problem && !isPlaced && <Problem error={problem} />}
          {problem && isPlaced && problem.remedy && <Text size="sm">{problem.remedy}</Text>}
          {found && !found.ok && (
            <>
              <Findings found={found} about={name} />
              <Text size="sm">The source is kept under this name, and can be corrected here and now or later.</Text>
            </>
          )}
          <Group justify="flex-end">
            {found && !found.ok && stored.current && (
              <Button variant="default" onClick={() => void navigate({ to: '/sources/$uid', params: { uid: stored.current!.value.uid }, ignoreBlocker: true })}>
                Correct it later
              </Button>
            )}
            <Button type="submit" loading={connecting.isPending}>
              {found && !found.ok ? 'Try again' : 'Connect and test'}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </>
  );
}

export default function NewSource() {
  const meta = useQuery(metaQuery);
  const all = useQuery(sourcesQuery);
  const [chosen, setChosen] = useState('');
  const mayEdit = useMay('editor');
  const head = <PageHead title="Connect a source" about="Where are your customers' data?" up={{ to: '/sources', label: 'Sources' }} />;
  if (!mayEdit) return <NotAllowed head={head} what="To connect a source" />;
  return (
    <>
      {head}
      <Loaded query={meta}>
        {({ source_kinds }) => {
          const kind = source_kinds.find((one) => one.kind === chosen);
          if (!kind) return <Kinds kinds={source_kinds} onChoose={setChosen} />;
          return <Connect key={chosen} kind={kind} taken={(all.data ?? []).map((one) => one.name)} onBack={() => setChosen('')} />;
        }}
      </Loaded>
    </>
  );
}
