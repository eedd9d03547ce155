import { Alert, Button, Group, Input, NativeSelect, Paper, SegmentedControl, Select, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';

import { everythingQuery, lookQuery, tablesQuery, type Thing } from '../../api/catalog';
import { metaQuery } from '../../api/queries';
import { asProblem } from '../../api/problem';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Waiting } from '../../components/Loading';
import { Problem } from '../../components/Problem';
import { ZoneSelect } from '../../components/ZoneSelect';
import { fieldsOf, type FieldType, fieldTypes } from '../../lib/columns';
import { inWords } from '../../lib/computed';
import { readLarge } from '../../lib/exact-json';
import { Fields } from './Fields';
import { KeyCheck } from './KeyCheck';
import { blankDraft, bodyOf, type Draft, draftOf, lacks, type Model, modelTypes, questionOf, withColumns } from './model';
import { Rows } from './Rows';

function Part({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-label={title}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h3">
            {title}
          </Title>
          {about && (
            <Text size="sm" c="dimmed">
              {about}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </Paper>
  );
}

/** What in the model is made of its fields: a field that is dropped may not be needed. */
function usedIn(model: Model | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const one of model?.relations ?? []) out[one.key] = `The relation ${one.name} needs it.`;
  for (const one of model?.computed ?? []) if (one.formula) for (const word of one.formula.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []) out[word] ??= `The computed field ${one.name} (${inWords(one)}) needs it.`;
  return out;
}

/** The definition of a model, new or stored: its table, its key, its fields. */
export function ModelEditor({
  sources,
  stored,
  start,
  verb,
  save,
  onDirty,
  readOnly = false,
}: {
  sources: Thing[];
  stored?: Model;
  start?: { source: string; table: string };
  verb: string;
  save: (body: Record<string, unknown>) => Promise<unknown>;
  onDirty?: (dirty: boolean) => void;
  readOnly?: boolean;
}) {
  const kinds = useQuery(metaQuery).data?.source_kinds;
  const all = useQuery(everythingQuery).data;
  const [draft, setDraft] = useState<Draft>(() => (stored ? draftOf(stored) : blankDraft(start?.source || (sources.length === 1 ? sources[0]!.name : ''), start?.table ?? '')));
  const [query, setQuery] = useState(draft.sql); // of SQL: only what was run
  const [anew, setAnew] = useState(false);
  const [tried, setTried] = useState(false);
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));

  const source = sources.find((one) => one.name === draft.source);
  const kind = kinds?.find((one) => one.kind === source?.kind);
  const tables = useQuery({ ...tablesQuery(source?.uid ?? ''), enabled: source !== undefined && draft.by === 'table' && !readOnly, retry: false });

  // All columns, as the source has them, whatever is picked.
  const asked = { source: draft.source, by: draft.by, table: draft.table, sql: query };
  const question = questionOf(asked);
  const sameTable = stored && draft.by === 'table' && stored.table === draft.table && stored.source === draft.source;
  const look = useQuery(lookQuery(question && sameTable && stored.types && !anew ? { ...question, types: stored.types } : question, { limit: 20 }));
  const columns = look.data?.fields;
  const key = JSON.stringify(question);
  const [seen, setSeen] = useState('');
  useEffect(() => {
    if (!columns || seen === key) return;
    setSeen(key);
    setDraft((before) => withColumns(before, columns, stored));
  }, [columns, key, seen, stored]);
  const known = seen === key && columns !== undefined && draft.picks !== undefined;

  const body = bodyOf(draft, stored, anew);
  const taken = (all?.models ?? []).map((one) => one.name).filter((name) => name !== stored?.name);
  const lack = lacks(draft, taken);
  const before = stored ? JSON.stringify(bodyOf(draftOf(stored), stored)) : '';
  const dirty = stored ? known && (JSON.stringify(body) !== before || anew) : draft.table !== (start?.table ?? '') || draft.sql !== '';
  useEffect(() => onDirty?.(dirty), [dirty, onDirty]);
  const saving = useMutation({ mutationFn: () => save(body) });
  const problem = saving.isError ? asProblem(saving.error) : undefined;

  // As it would be, corrected types included.
  const { relations: _relations, computed: _computed, ...plain } = body;
  const [unsaved] = useDebouncedValue(JSON.stringify(plain), 500);
  const declares = draft.picks?.some((one) => one.picked && one.type);
  const result = useQuery({ ...lookQuery(known ? (readLarge(unsaved) as Record<string, unknown>) : undefined, { limit: 20 }), enabled: known && (declares || anew), placeholderData: (before) => before });
  const correctable: FieldType[] = kind?.kind === 'csv' ? fieldTypes : kind?.kind === 'parquet' ? ['text'] : [];
  const labels = new Map(draft.picks?.filter((one) => one.picked).map((one) => [one.column, one]));
  const preview = declares
    ? result.data
    : look.data && {
        fields: look.data.fields.filter((one) => labels.has(one.name)).map((one) => ({ ...one, label: labels.get(one.name)!.label || labels.get(one.name)!.name })),
        rows: look.data.rows,
      };
  const keyField = draft.picks?.find((one) => one.picked && one.name === draft.primary_key);
  const keyBody = known && keyField
    ? { ...question, type: draft.type, primary_key: draft.primary_key, ...(fieldsOf([keyField]) ? { fields: fieldsOf([keyField]) } : {}), ...(plain.types ? { types: plain.types } : {}) }
    : undefined;
  const isPeople = draft.type === 'users';

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!lack) saving.mutate();
      }}
    >
      <LeaveGuard dirty={dirty && !saving.isPending && !saving.isSuccess} />
      <fieldset disabled={readOnly} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Stack>
          <Part title="Data" about="A table of a source, or a query of your own.">
            <Group grow align="flex-start" preventGrowOverflow={false}>
              <NativeSelect
                label="Source"
                value={draft.source}
                onChange={(event) => set({ source: event.currentTarget.value, table: '' })}
                data={[...(draft.source ? [] : [{ value: '', label: 'Choose a source' }]), ...sources.map((one) => one.name)]}
                error={problem?.at('/source')}
              />
              <Input.Wrapper label="From" labelElement="div" id="by">
                <br />
                <SegmentedControl
                  aria-label="From"
                  transitionDuration={0}
                  value={draft.by}
                  onChange={(by) => set({ by: by as Draft['by'] })}
                  data={[
                    { value: 'table', label: 'A table' },
                    { value: 'sql', label: 'A query (SQL)' },
                  ]}
                />
              </Input.Wrapper>
            </Group>
            {draft.by === 'table' ? (
              <>
                <Select
                  label="Table"
                  placeholder={tables.isFetching ? 'Reading the tables…' : 'Choose a table'}
                  data={[...new Set([...(draft.table ? [draft.table] : []), ...(tables.data ?? [])])]}
                  value={draft.table || null}
                  onChange={(table) => table && setDraft((now) => ({ ...now, table, ...(stored || now.name !== blankDraft('', now.table).name ? {} : { name: blankDraft('', table).name }) }))}
                  searchable
                  allowDeselect={false}
                  limit={200}
                  nothingFoundMessage="No table is named so"
                  disabled={!source}
                  comboboxProps={{ transitionProps: { duration: 0 } }}
                  error={problem?.at('/table')}
                  dir="auto"
                />
                {tables.isError && <Problem error={tables.error} />}
              </>
            ) : (
              <Stack gap="xs">
                <Textarea
                  label="Query"
                  description="One SELECT over the tables of the source."
                  value={draft.sql}
                  onChange={(event) => set({ sql: event.currentTarget.value })}
                  autosize
                  minRows={4}
                  maxRows={16}
                  spellCheck={false}
                  styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
                  error={problem?.at('/sql')}
                />
                <Group>
                  <Button variant="light" onClick={() => (query === draft.sql ? void look.refetch() : setQuery(draft.sql))} loading={look.isFetching} disabled={!draft.sql.trim()}>
                    Run the query
                  </Button>
                  {draft.sql !== query && draft.sql.trim() && (
                    <Text size="sm" c="dimmed">
                      Changed since it was run
                    </Text>
                  )}
                </Group>
              </Stack>
            )}
            {look.isError && <Problem error={look.error} />}
          </Part>
          {question && look.isFetching && !known && <Waiting lines={4} />}
          {known && (
            <>
              <Part title="What a row is">
                <TextInput label="Name of the model" value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} error={problem?.at('/name')} required dir="auto" />
                <Input.Wrapper label="One row is" labelElement="div" id="type">
                  <br />
                  <SegmentedControl
                    aria-label="One row is"
                    transitionDuration={0}
                    value={draft.type}
                    onChange={(type) => set({ type: type as Draft['type'] })}
                    data={modelTypes.map((one) => ({ value: one.type, label: one.title }))}
                  />
                  <Text size="sm" c="dimmed" mt={4}>
                    {modelTypes.find((one) => one.type === draft.type)!.about}
                  </Text>
                </Input.Wrapper>
                <Select
                  label={isPeople ? 'Key: the field that tells people apart' : 'Key: the field that tells rows apart'}
                  description={isPeople ? 'A customer number, or the e-mail address.' : 'May be left empty.'}
                  data={draft.picks!.filter((one) => one.picked).map((one) => one.name)}
                  value={draft.primary_key || null}
                  onChange={(value) => set({ primary_key: value ?? '' })}
                  searchable
                  clearable={!isPeople}
                  clearButtonProps={{ 'aria-label': 'No key' }}
                  comboboxProps={{ transitionProps: { duration: 0 } }}
                  error={problem?.at('/primary_key')}
                  dir="auto"
                />
                {keyBody && <KeyCheck model={keyBody} isPeople={isPeople} />}
                <ZoneSelect
                  label="Time zone"
                  description="Of dates and of times that name none: “today” begins at midnight there."
                  value={draft.tz}
                  onChange={(tz) => set({ tz })}
                  error={problem?.at('/tz')}
                />
              </Part>
              <Part title="Fields" about="Pick what is useful for segments and lists. Labels are what people read; leave them empty to use the name.">
                {kind?.kind === 'csv' && sameTable && stored.types && (
                  <Group gap="xs">
                    <Button
                      size="compact-sm"
                      variant="default"
                      onClick={() => {
                        setAnew(true);
                        setSeen('');
                      }}
                      disabled={anew}
                    >
                      Find the types anew
                    </Button>
                    <Text size="sm" c="dimmed">
                      Types were found when the model was saved, and hold from then on.
                    </Text>
                  </Group>
                )}
                <Fields look={look.data!} picks={draft.picks!} onChange={(picks) => set({ picks })} primaryKey={draft.primary_key} correctable={correctable} used={usedIn(stored)} />
                {problem?.at('/fields') && (
                  <Text size="sm" c="var(--mantine-color-error)">
                    {problem.at('/fields')}
                  </Text>
                )}
              </Part>
              <Part title="Preview">
                {declares && result.isError ? (
                  <Problem error={result.error} title="With these types it cannot be read" />
                ) : preview ? (
                  <Rows shown={preview} label="Rows" first={[draft.picks?.find((one) => one.name === draft.primary_key)?.column ?? '']} />
                ) : (
                  <Waiting lines={5} />
                )}
              </Part>
            </>
          )}
        </Stack>
      </fieldset>
      {!readOnly && (
        <Stack mt="md" gap="sm">
          {problem && <Problem error={problem} />}
          {tried && lack && (
            <Alert color="red" variant="light" role="alert">
              {lack}
            </Alert>
          )}
          <Group justify="flex-end">
            {stored && dirty && (
              <Button
                variant="default"
                onClick={() => {
                  setAnew(false);
                  setSeen('');
                  setQuery(stored.sql ?? '');
                  setDraft(draftOf(stored));
                  saving.reset();
                }}
              >
                Discard changes
              </Button>
            )}
            <Button type="submit" loading={saving.isPending} disabled={!known || (stored !== undefined && !dirty)}>
              {verb}
            </Button>
          </Group>
        </Stack>
      )}
    </form>
  );
}
