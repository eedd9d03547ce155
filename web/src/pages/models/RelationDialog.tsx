import { Alert, Button, Checkbox, Group, Modal, NativeSelect, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueries } from '@tanstack/react-query';
import { useState } from 'react';

import { putObject, readObject, useRenew } from '../../api/catalog';
import { modelFieldsQuery } from '../../api/queries';
import { Problem } from '../../components/Problem';
import type { Edit } from '../../components/useEdit';
import { guessRelation, inverse, type Relation, relationInWords, relationProblem, type RelationKind } from '../../lib/relation-graph';
import type { Model } from './model';

const kinds: { value: RelationKind; label: string }[] = [
  { value: 'has_many', label: 'has many of them' },
  { value: 'belongs_to', label: 'belongs to one of them' },
  { value: 'many_to_many', label: 'has many, through a model in between' },
];

/** A model together with what its fields are. */
export function useFields(models: Model[], names: (string | undefined)[]): Record<string, { name: string; type: string; label: string }[]> {
  const wanted = [...new Set(names)].map((name) => models.find((one) => one.name === name)).filter((one) => one !== undefined);
  return useQueries({
    queries: wanted.map((one) => modelFieldsQuery(one.uid)),
    combine: (answers) => Object.fromEntries(answers.map((answer, i) => [wanted[i]!.name, answer.data?.items ?? []])),
  });
}

function FieldSelect({ label, fields, value, onChange }: { label: string; fields: { name: string }[] | undefined; value: string; onChange: (name: string) => void }) {
  const names = (fields ?? []).map((one) => one.name);
  return (
    <Select
      label={label}
      data={value && !names.includes(value) ? [value, ...names] : names}
      value={value || null}
      onChange={(name) => onChange(name ?? '')}
      searchable
      allowDeselect={false}
      comboboxProps={{ transitionProps: { duration: 0 } }}
      placeholder="Choose a field"
      flex="1 1 12rem"
      dir="auto"
    />
  );
}

/** A relation, new or changed. `saveModel` writes the model with its relations; the other end may be made at once. */
export function RelationDialog({
  model,
  models,
  relation,
  to,
  edit,
  onClose,
}: {
  model: Model;
  models: Model[];
  /** The one that is changed; none for a new one. */
  relation?: Relation;
  /** The other model of a new one, if it is chosen already. */
  to?: string;
  edit: Edit;
  onClose: () => void;
}) {
  const others = models.filter((one) => one.source === model.source);
  const renew = useRenew();
  const [draft, setDraft] = useState<Relation>(relation ?? { name: to ?? '', kind: 'has_many', model: to ?? '', key: '', foreign_key: '' });
  const [back, setBack] = useState(relation === undefined);
  const [tried, setTried] = useState(false);
  const [guessed, setGuessed] = useState(relation ? draft.model : '');
  const fields = useFields(models, [model.name, draft.model, draft.through]);
  const set = (change: Partial<Relation>) => setDraft((before) => ({ ...before, ...change }));

  // Once the fields of both are known: the keys are most likely these.
  const other = models.find((one) => one.name === draft.model);
  if (other && guessed !== other.name && fields[model.name]?.length && fields[other.name]?.length) {
    setGuessed(other.name);
    const guess = guessRelation(
      { name: model.name, primary_key: model.primary_key, columns: fields[model.name]! },
      { name: other.name, primary_key: other.primary_key, columns: fields[other.name]! },
    );
    if (guess) setDraft({ ...guess, name: draft.name && draft.name !== draft.model ? draft.name : guess.name });
  }

  const names = (model.relations ?? []).map((one) => one.name).filter((name) => name !== relation?.name);
  const lack = relationProblem(draft, names);
  const inverted = inverse(model.name, draft);
  const hasBack = other?.relations?.some((one) => one.model === model.name);
  const saving = useMutation({
    mutationFn: async () => {
      const base = await readObject('model', model.uid);
      const now = base.value as unknown as Model;
      const { through: _t, through_key: _k, through_foreign_key: _f, ...plain } = draft;
      const clean = { ...(draft.kind === 'many_to_many' ? draft : plain), name: draft.name.trim() };
      const rest = (now.relations ?? []).filter((one) => one.name !== relation?.name);
      const place = relation ? (now.relations ?? []).findIndex((one) => one.name === relation.name) : rest.length;
      const relations = rest.toSpliced(place < 0 ? rest.length : place, 0, clean);
      await edit.save(base, { ...now, relations });
      if (back && !relation && other && !hasBack) {
        const there = await readObject('model', other.uid);
        const that = there.value as unknown as Model;
        let name = inverted.name;
        for (let i = 2; that.relations?.some((one) => one.name === name); ++i) name = `${inverted.name} ${i}`;
        await putObject('model', other.uid, { ...that, relations: [...(that.relations ?? []), { ...inverted, name }] }, there.etag);
        await renew('model');
      }
    },
    onSuccess: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={relation ? `Relation ${relation.name} of ${model.name}` : `A new relation of ${model.name}`} size="lg">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!lack) saving.mutate();
        }}
      >
        <Stack>
          <NativeSelect
            label={`One of ${model.name}`}
            value={draft.kind}
            onChange={(event) => set({ kind: event.currentTarget.value as RelationKind })}
            data={kinds}
          />
          <NativeSelect
            label="The other model"
            description="Models of one source can be related."
            value={draft.model}
            onChange={(event) => set({ model: event.currentTarget.value, foreign_key: '' })}
            data={[{ value: '', label: 'Choose a model' }, ...others.map((one) => one.name)]}
          />
          {draft.model && draft.kind !== 'many_to_many' && (
            <Group align="flex-start">
              <FieldSelect label={`This field of ${model.name}`} fields={fields[model.name]} value={draft.key} onChange={(key) => set({ key })} />
              <FieldSelect label={`equals this field of ${draft.model}`} fields={fields[draft.model]} value={draft.foreign_key} onChange={(foreign_key) => set({ foreign_key })} />
            </Group>
          )}
          {draft.model && draft.kind === 'many_to_many' && (
            <>
              <NativeSelect
                label="The model in between"
                value={draft.through ?? ''}
                onChange={(event) => set({ through: event.currentTarget.value, through_key: '', through_foreign_key: '' })}
                data={[{ value: '', label: 'Choose a model' }, ...others.filter((one) => one.name !== model.name && one.name !== draft.model).map((one) => one.name)]}
              />
              {draft.through && (
                <>
                  <Group align="flex-start">
                    <FieldSelect label={`This field of ${model.name}`} fields={fields[model.name]} value={draft.key} onChange={(key) => set({ key })} />
                    <FieldSelect label={`equals this field of ${draft.through}`} fields={fields[draft.through]} value={draft.through_key ?? ''} onChange={(through_key) => set({ through_key })} />
                  </Group>
                  <Group align="flex-start">
                    <FieldSelect
                      label={`This field of ${draft.through}`}
                      fields={fields[draft.through]}
                      value={draft.through_foreign_key ?? ''}
                      onChange={(through_foreign_key) => set({ through_foreign_key })}
                    />
                    <FieldSelect label={`equals this field of ${draft.model}`} fields={fields[draft.model]} value={draft.foreign_key} onChange={(foreign_key) => set({ foreign_key })} />
                  </Group>
                </>
              )}
            </>
          )}
          <TextInput
            label="Name of the relation"
            description={`How it is called in conditions: customers with at least 3 ${draft.name || 'orders'}.`}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            dir="auto"
          />
          {!relation && other && other.name !== model.name && !hasBack && (
            <Checkbox checked={back} onChange={(event) => setBack(event.currentTarget.checked)} label={`Also the other way: ${relationInWords(other.name, inverted).replace(/:.*$/, '')}`} />
          )}
          {tried && lack && (
            <Alert color="red" variant="light" role="alert">
              {lack}
            </Alert>
          )}
          {saving.isError && <Problem error={saving.error} />}
          {relation && relation.name !== draft.name.trim() && (
            <Text size="sm" c="dimmed">
              Segments and computed fields that name the relation {relation.name} have to be changed, too.
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending}>
              Save the relation
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
