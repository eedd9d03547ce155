import { Alert, Button, Group, Modal, NativeSelect, Paper, Select, SimpleGrid, Stack, Text, Textarea, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import { lookQuery } from '../../api/catalog';
import { Problem } from '../../components/Problem';
import {
  type Aggregate, aggregateNames, aggregatesOf, blank, type Case, type Computed, computedKinds, formulaFunctions, inFormula, inserted, isEverything, kindOf, type LabelKind, labelKindOf, problemOf, scalarOf, suggestedName, tidied,
} from '../../lib/computed';
import { cellText, typeName } from '../../lib/columns';
import { readLarge } from '../../lib/exact-json';
import type { Relation } from '../../lib/relation-graph';
import classes from '../sources/NewSource.module.css';
import type { Model } from './model';
import { useFields } from './RelationDialog';
import { RuleField } from './RuleField';

interface NamedField {
  name: string;
  type: string;
  label: string;
}

const fieldOption = (one: NamedField) => ({ value: one.name, label: one.label && one.label !== one.name ? `${one.label} (${one.name})` : one.name });

function RelationSelect({ label, relations, value, onChange }: { label: string; relations: Relation[]; value: string; onChange: (name: string) => void }) {
  return (
    <NativeSelect
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: relations.length === 0 ? 'There is no such relation: add one first' : 'Choose a relation' }, ...relations.map((one) => ({ value: one.name, label: `${one.name} (${one.model})` }))]}
    />
  );
}

function Formula({ value, fields, onChange }: { value: string; fields: NamedField[]; onChange: (text: string) => void }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const put = (part: string) => {
    const at = input.current;
    const next = inserted(value, at?.selectionStart ?? value.length, at?.selectionEnd ?? value.length, part);
    onChange(next.text);
    requestAnimationFrame(() => {
      at?.focus();
      at?.setSelectionRange(next.at, next.at);
    });
  };
  return (
    <Stack gap="xs">
      <Textarea
        ref={input}
        label="Formula"
        description="Fields by name, 'texts' in quotes, numbers, + - * / || and functions. || joins texts."
        placeholder="first_name || ' ' || last_name"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={2}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      <Group gap="xs" align="flex-end">
        <Select
          label="Put in a field"
          placeholder="Field"
          data={fields.map(fieldOption)}
          value={null}
          onChange={(name) => name && put(inFormula(name))}
          searchable
          size="xs"
          flex="1 1 10rem"
          comboboxProps={{ transitionProps: { duration: 0 } }}
        />
        <Select
          label="Put in a function"
          placeholder="Function"
          data={formulaFunctions.map(({ group, functions }) => ({ group, items: functions.map((one) => ({ value: one.form, label: `${one.form}: ${one.about}` })) }))}
          value={null}
          onChange={(form) => form && put(form)}
          searchable
          size="xs"
          flex="2 1 16rem"
          comboboxProps={{ transitionProps: { duration: 0 } }}
        />
      </Group>
    </Stack>
  );
}

function Cases({ model, value, onChange, onWhole }: { model: string; value: Computed; onChange: (change: (cases: Case[]) => Case[]) => void; onWhole: (part: string, isWhole: boolean) => void }) {
  const cases = value.cases!;
  const first = cases.find((one) => one.then !== '')?.then;
  const [kind, setKind] = useState<LabelKind>(() => labelKindOf(first));
  const [keys, setKeys] = useState(() => cases.map((_, i) => i));
  const set = (i: number, change: Partial<Case>) => onChange((now) => now.map((one, k) => (k === i ? { ...one, ...change } : one)));
  const hasElse = cases.length > 0 && !cases.at(-1)!.when;
  const add = () => {
    const at = hasElse ? cases.length - 1 : cases.length;
    onChange((now) => now.toSpliced(at, 0, { when: { all: [] }, then: '' }));
    setKeys(keys.toSpliced(at, 0, Math.max(-1, ...keys) + 1));
  };
  const remove = (i: number) => {
    onChange((now) => now.toSpliced(i, 1));
    setKeys(keys.toSpliced(i, 1));
    onWhole(`case ${keys[i]}`, true);
  };
  const move = (i: number) => {
    const swap = <T,>(list: T[]) => list.with(i, list[i - 1]!).with(i - 1, list[i]!);
    onChange(swap);
    setKeys(swap(keys));
  };
  const label = (i: number, title: string) =>
    kind === 'boolean' ? (
      <NativeSelect label={title} value={String(cases[i]!.then)} onChange={(event) => set(i, { then: scalarOf(event.currentTarget.value, kind) })} data={[{ value: '', label: 'Choose' }, { value: 'true', label: 'Yes' }, { value: 'false', label: 'No' }]} maw={320} />
    ) : (
      <TextInput
        label={title}
        value={String(cases[i]!.then)}
        inputMode={kind === 'number' ? 'decimal' : undefined}
        onChange={(event) => set(i, { then: scalarOf(event.currentTarget.value, kind) })}
        maw={320}
        dir="auto"
      />
    );
  return (
    <Stack>
      <NativeSelect
        label="Labels are"
        value={kind}
        onChange={(event) => {
          const next = event.currentTarget.value as LabelKind;
          setKind(next);
          onChange((now) => now.map((one) => ({ ...one, then: next === 'boolean' ? '' : scalarOf(String(one.then), next) })));
        }}
        data={[{ value: 'text', label: 'Texts' }, { value: 'number', label: 'Numbers' }, { value: 'boolean', label: 'Yes or no' }]}
        maw={320}
      />
      {cases.map((one, i) =>
        one.when ? (
          <Paper key={keys[i]} withBorder p="sm" role="group" aria-label={`Label ${i + 1}`}>
            <Stack gap="sm">
              {label(i, `Label ${i + 1}`)}
              <RuleField
                model={model}
                rule={one.when as never}
                label={i === 0 ? 'when' : 'otherwise, when'}
                onChange={(when, isWhole) => {
                  set(i, { when: when as never });
                  onWhole(`case ${keys[i]}`, isWhole);
                }}
              />
              <Group gap="xs">
                {i > 0 && (
                  <Button size="compact-sm" variant="default" onClick={() => move(i)} aria-label={`Move label ${i + 1} up`}>
                    Move up
                  </Button>
                )}
                {cases.length > 1 && (
                  <Button size="compact-sm" variant="default" onClick={() => remove(i)} aria-label={`Remove label ${i + 1}`}>
                    Remove
                  </Button>
                )}
              </Group>
            </Stack>
          </Paper>
        ) : (
          <Group key={keys[i]} align="flex-end">
            {label(i, 'Otherwise')}
            <Button variant="default" onClick={() => remove(i)}>
              Leave empty otherwise
            </Button>
          </Group>
        ),
      )}
      <Group>
        <Button variant="light" onClick={add}>
          Add a label
        </Button>
        {!hasElse && (
          <Button
            variant="default"
            onClick={() => {
              onChange((now) => [...now, { then: '' }]);
              setKeys([...keys, Math.max(-1, ...keys) + 1]);
            }}
          >
            Add “otherwise”
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** What the rows would have in it. */
function Preview({ model, field }: { model: Model; field: Computed }) {
  const rest = (model.computed ?? []).filter((one) => one.name !== field.name);
  const { warnings: _warnings, ...plain } = model;
  const [body] = useDebouncedValue(JSON.stringify({ ...plain, computed: [...rest, field] }), 600);
  const look = useQuery(lookQuery(readLarge(body) as Record<string, unknown>, { limit: 6 }));
  if (look.isError) return <Problem error={look.error} title="It cannot be worked out like this" />;
  const shown = look.data?.fields.find((one) => one.name === field.name);
  if (!look.data || !shown) return <Text size="sm" c="dimmed">Working it out…</Text>;
  const key = model.primary_key;
  return (
    <div>
      <Text size="sm" fw={500}>
        For example ({typeName(shown.type)})
      </Text>
      <Text component="ul" size="sm" m={0} pl="lg">
        {look.data.rows.map((row, i) => (
          <li key={i}>
            {key && <span dir="auto">{cellText(row[key])}: </span>}
            <b dir="auto">{cellText(row[field.name]) || 'empty'}</b>
          </li>
        ))}
      </Text>
    </div>
  );
}

/** A computed field, new or changed. */
export function ComputedDialog({
  model,
  models,
  field,
  save,
  onClose,
}: {
  model: Model;
  models: Model[];
  field?: Computed;
  save: (field: Computed) => Promise<unknown>;
  onClose: () => void;
}) {
  const narrow = useMediaQuery('(max-width: 48em)');
  const [draft, setDraft] = useState<Computed | undefined>(field);
  const [named, setNamed] = useState(field !== undefined);
  const [unfinished, setUnfinished] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false);
  const saving = useMutation({ mutationFn: save, onSuccess: onClose });
  const relations = model.relations ?? [];
  const relation = relations.find((one) => one.name === (draft?.relation ?? draft?.related));
  const fields = useFields(models, [model.name, relation?.model]);
  const own = fields[model.name] ?? [];
  const others = own.map((one) => one.name).filter((name) => name !== field?.name);
  const there = relation ? (fields[relation.model] ?? []) : [];
  const set = (change: Partial<Computed>) =>
    setDraft((before) => {
      const next = { ...before!, ...change };
      return named || change.name !== undefined ? next : { ...next, name: suggestedName(next, others) };
    });
  const whole = (part: string, isWhole: boolean) =>
    setUnfinished((before) => {
      if (before.has(part) !== isWhole) return before;
      const next = new Set(before);
      if (isWhole) next.delete(part);
      else next.add(part);
      return next;
    });
  const title = field ? `Computed field ${field.name}` : 'A new computed field';
  if (!draft)
    return (
      <Modal opened onClose={onClose} title={title} size="xl" fullScreen={narrow}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {computedKinds.map((one) => (
            <UnstyledButton key={one.kind} className={classes.kind} onClick={() => setDraft(blank(one.kind))}>
              <Text fw={600}>{one.title}</Text>
              <Text size="sm">{one.about}</Text>
              <Text size="sm" c="dimmed">
                Such as: {one.example}
              </Text>
            </UnstyledButton>
          ))}
        </SimpleGrid>
      </Modal>
    );

  const kind = kindOf(draft);
  const type = there.find((one) => one.name === draft.field)?.type ?? 'number';
  const isNew = field === undefined;
  const emptyWhen = draft.cases?.some((one) => one.when && isEverything(one.when)) ? 'Add a condition to each label.' : undefined;
  const lack = problemOf(draft, relations, others) ?? emptyWhen ?? (unfinished.size > 0 ? 'A condition is not finished.' : undefined);
  const own_text = computedKinds.find((one) => one.kind === kind)!;
  const usable = own.filter((one) => one.name !== field?.name);
  return (
    <Modal opened onClose={onClose} title={title} size="xl" fullScreen={narrow} closeOnClickOutside={false}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!lack) saving.mutate(tidied(draft));
        }}
      >
        <Stack>
          <Group justify="space-between">
            <Text fw={600}>
              {own_text.title}{' '}
              <Text span c="dimmed" size="sm" fw={400}>
                {own_text.about}
              </Text>
            </Text>
            {isNew && (
              <Button variant="default" size="compact-sm" onClick={() => setDraft(undefined)}>
                Another kind
              </Button>
            )}
          </Group>
          {(kind === 'count' || kind === 'total') && (
            <RelationSelect
              label={kind === 'count' ? 'What is counted' : 'Whose values'}
              relations={relations.filter((one) => one.kind !== 'belongs_to')}
              value={draft.relation ?? ''}
              onChange={(name) => set({ relation: name, ...(kind === 'total' ? { field: '' } : {}), where: undefined })}
            />
          )}
          {kind === 'total' && draft.relation && (
            <Group align="flex-start" grow preventGrowOverflow={false}>
              <Select
                label={`Field of ${draft.relation}`}
                data={there.map(fieldOption)}
                value={draft.field || null}
                onChange={(name) => {
                  const fits = aggregatesOf(there.find((one) => one.name === name)?.type ?? 'number');
                  set({ field: name ?? '', aggregate: fits.includes(draft.aggregate!) ? draft.aggregate : fits[0]! });
                }}
                searchable
                allowDeselect={false}
                comboboxProps={{ transitionProps: { duration: 0 } }}
              />
              <NativeSelect
                label="What of it"
                value={draft.aggregate}
                onChange={(event) => set({ aggregate: event.currentTarget.value as Aggregate })}
                data={aggregatesOf(type).map((one) => ({ value: one, label: aggregateNames[one] }))}
              />
            </Group>
          )}
          {(kind === 'count' || kind === 'total') && relation && (
            <RuleField
              key={relation.name}
              model={relation.model}
              rule={draft.where as never}
              label={`Of these ${draft.relation} only those where`}
              onChange={(where, isWhole) => {
                setDraft((before) => ({ ...before!, where: isEverything(where) ? undefined : (where as never) }));
                whole('where', isWhole);
              }}
            />
          )}
          {kind === 'related' && (
            <>
              <RelationSelect label="The related row" relations={relations.filter((one) => one.kind === 'belongs_to')} value={draft.related ?? ''} onChange={(name) => set({ related: name, field: '' })} />
              {draft.related && (
                <Select
                  label={`Field of ${draft.related}`}
                  data={there.map(fieldOption)}
                  value={draft.field || null}
                  onChange={(name) => set({ field: name ?? '' })}
                  searchable
                  allowDeselect={false}
                  comboboxProps={{ transitionProps: { duration: 0 } }}
                />
              )}
            </>
          )}
          {kind === 'formula' && <Formula value={draft.formula!} fields={usable} onChange={(formula) => set({ formula })} />}
          {kind === 'cases' && <Cases model={model.name} value={draft} onChange={(change) => setDraft((before) => ({ ...before!, cases: change(before!.cases!) }))} onWhole={whole} />}
          <Group align="flex-start" grow preventGrowOverflow={false}>
            <TextInput
              label="Name"
              description="In conditions and mappings."
              value={draft.name}
              onChange={(event) => {
                setNamed(true);
                set({ name: event.currentTarget.value });
              }}
              dir="auto"
            />
            <TextInput label="Label" description="What people read. The name when left empty." value={draft.label ?? ''} onChange={(event) => setDraft({ ...draft, label: event.currentTarget.value })} dir="auto" />
          </Group>
          {!lack && <Preview model={model} field={tidied(draft)} />}
          {tried && lack && (
            <Alert color="red" variant="light" role="alert">
              {lack}
            </Alert>
          )}
          {saving.isError && <Problem error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending}>
              Save the field
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
