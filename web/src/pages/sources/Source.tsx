import { Alert, Anchor, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';

import { filesQuery, objectQuery, type Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { metaQuery, useMay } from '../../api/queries';
import { asProblem } from '../../api/problem';
import { KeyValue } from '../../components/KeyValue';
import { FormPaper } from '../../components/FormPaper';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { NextStep } from '../../components/NextStep';
import { ObjectActions, Tested, useTest } from '../../components/ObjectActions';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RemoveObject } from '../../components/RemoveObject';
import { useEdit } from '../../components/useEdit';
import { folderOf } from '../../lib/files';
import { bodyOf, inputsOf, kindText, missing, type SourceKind, valuesOf } from '../../lib/source-forms';
import { list } from '../../lib/words';
import { SourceForm } from './SourceForm';
import { Tables } from './Tables';
import { Upload } from './Upload';

function EditSource({ kind, stored, onDone }: { kind: SourceKind; stored: Tagged<Thing>; onDone: (changed: boolean) => void }) {
  const inputs = inputsOf(kind);
  const edit = useEdit('source', stored.value.uid);
  const [base] = useState(stored); // what the change is a change of, whatever is read meanwhile
  const [name, setName] = useState(base.value.name);
  const [values, setValues] = useState(() => valuesOf(inputs, base.value));
  const before = JSON.stringify([base.value.name, valuesOf(inputs, base.value)]);
  const dirty = JSON.stringify([name, values]) !== before;
  const saving = useMutation({
    mutationFn: () => edit.save(base, { ...(base.value.id ? { id: base.value.id } : {}), ...bodyOf(kind.kind, name, inputs, values), ...stateOf(base.value) }),
    onSuccess: () => onDone(true),
  });
  const problem = saving.isError ? asProblem(saving.error) : undefined;
  const lacks = missing(kind.kind, inputs, values);
  return (
    <FormPaper
      onSubmit={() => {
        if (lacks.length === 0) saving.mutate();
      }}
    >
      <LeaveGuard dirty={dirty && !saving.isPending && !saving.isSuccess} />
      {edit.choice}
      <Stack>
        <Title order={2} size="h3">
          Connection
        </Title>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} error={problem?.at('/name')} required dir="auto" />
        <SourceForm kind={kind} values={values} onChange={setValues} problem={problem} />
        {lacks.length > 0 && (
          <Text c="var(--mantine-color-error)" size="sm">
            Still missing: {list(lacks)}.
          </Text>
        )}
        {problem && <Problem error={problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onDone(false)}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending} disabled={!dirty || lacks.length > 0}>
            Save and test
          </Button>
        </Group>
      </Stack>
    </FormPaper>
  );
}

// Keys that this form does not ask for, and must not lose.
const stateOf = (source: Thing) => Object.fromEntries(['state', 'state_schema', 'sample'].filter((key) => source[key] !== undefined).map((key) => [key, source[key]]));

function Connection({ kind, source }: { kind: SourceKind | undefined; source: Thing }) {
  const inputs = kind ? inputsOf(kind) : [];
  const shown = inputs.filter((one) => source[one.key] !== undefined);
  return (
    <KeyValue
      pairs={[
        ['Kind', kindText(String(source.kind)).title],
        ...shown.map((one): [string, string] => [
          one.label,
          one.kind === 'secret' ? 'Stored, never shown again' : source[one.key] === true ? 'Yes' : source[one.key] === false ? 'No' : String(source[one.key]),
        ]),
      ]}
    />
  );
}

export default function Source() {
  const { uid } = useParams({ strict: false }) as { uid: string };
  const navigate = useNavigate();
  const client = useQueryClient();
  const mayEdit = useMay('editor');
  const query = useQuery(objectQuery('source', uid));
  const kinds = useQuery(metaQuery).data?.source_kinds;
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const test = useTest('source', uid);
  // Whether files that are uploaded appear in it: it is over the folder that they go to.
  const files = useQuery({ ...filesQuery, retry: false, enabled: mayEdit }).data ?? [];
  const isOurs = (source: Thing) => files.some((one) => folderOf(one.path) === String(source.path).replace(/\/+$/, ''));
  return (
    <Loaded query={query}>
      {(stored) => {
        const source = stored.value;
        const kind = kinds?.find((one) => one.kind === source.kind);
        return (
          <>
            <PageHead
              title={source.name}
              up={{ to: '/sources', label: 'Sources' }}
              actions={
                <ObjectActions test={test} onRemove={() => setRemoving(true)}>
                  {mayEdit && !editing && kind && (
                    <Button variant="default" onClick={() => setEditing(true)}>
                      Edit
                    </Button>
                  )}
                </ObjectActions>
              }
            />
            <NextStep done="source" />
            <RemoveObject kind="source" object={source} opened={removing} onClose={() => setRemoving(false)} onRemoved={() => void navigate({ to: '/sources' })}>
              <Text>Rollcall forgets how to reach it, its password included. Your data stay as they are.</Text>
            </RemoveObject>
            <Stack gap="xl">
              <Tested test={test} about={source.name} />
              {editing && kind ? (
                <EditSource
                  kind={kind}
                  stored={stored}
                  onDone={(changed) => {
                    setEditing(false);
                    if (changed) test.mutate();
                  }}
                />
              ) : (
                <Connection kind={kind} source={source} />
              )}
              {!editing && kind?.of_files && mayEdit && isOurs(source) && (
                <section aria-label="Upload">
                  <Upload
                    kind={String(source.kind)}
                    path={String(source.path)}
                    onPath={() => {}}
                    onDone={() => void client.invalidateQueries({ queryKey: ['sources', uid, 'tables'] })}
                  />
                </section>
              )}
              {mayEdit ? (
                <Tables source={source} />
              ) : (
                <Alert color="gray" variant="light" title="Tables are for editors">
                  <Text size="sm">
                    To browse tables and make models of them, the role editor is needed. The models that there are: <Anchor component={Link} to="/models" underline="always">Models</Anchor>.
                  </Text>
                </Alert>
              )}
            </Stack>
          </>
        );
      }}
    </Loaded>
  );
}
