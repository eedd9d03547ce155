import { Button, Group, SimpleGrid, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { metaQuery, sourcesQuery, useMay } from '../../api/queries';
import { FormPaper } from '../../components/FormPaper';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { NotAllowed } from '../../components/NotAllowed';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { ConnectFoot, useConnect } from '../../components/useConnect';
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

function Connect({ kind, taken, onBack }: { kind: SourceKind; taken: string[]; onBack: () => void }) {
  const inputs = inputsOf(kind);
  const text = kindText(kind.kind);
  const [name, setName] = useState(() => freeName(kind.of_files ? 'files' : kind.kind, taken));
  const [values, setValues] = useState<Values>({});
  const [asked, setAsked] = useState(false);
  const lacks = missing(kind.kind, inputs, values);
  const connecting = useConnect('source', () => bodyOf(kind.kind, name, inputs, values));
  const { problem } = connecting;
  const isPlaced = problem?.at('/name') ?? inputs.some((one) => problem?.at(`/${one.key}`));
  return (
    <>
      <LeaveGuard dirty={!connecting.isConnecting && !connecting.isWell && Object.keys(values).length > 0 && !connecting.isStored} />
      <FormPaper
        onSubmit={() => {
          setAsked(true);
          if (lacks.length === 0 && name.trim()) connecting.connect();
        }}
      >
        <Stack>
          <Group justify="space-between">
            <Title order={2} size="h3">
              {text.title}
            </Title>
            {!connecting.isStored && (
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
          <ConnectFoot kind="source" name={name} connecting={connecting} />
        </Stack>
      </FormPaper>
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
