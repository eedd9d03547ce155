import { Anchor, Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { readObject } from '../../api/catalog';
import { Confirm } from '../../components/Confirm';
import { useEdit } from '../../components/useEdit';
import { type Line, type ModelNode, type Relation, relationInWords } from '../../lib/relation-graph';
import { Graph } from './Graph';
import type { Model } from './model';
import { RelationDialog } from './RelationDialog';

type Doing =
  | { what: 'new'; model: Model; to?: string }
  | { what: 'change'; model: Model; relation: Relation }
  | { what: 'remove'; model: Model; relation: Relation }
  | { what: 'line'; line: Line };

/** How models belong together: a drawing, and a list that says and does the same. `only`: of one model. */
export function Relations({ models, only, readOnly }: { models: Model[]; only?: Model; readOnly: boolean }) {
  const navigate = useNavigate();
  const [doing, setDoing] = useState<Doing>();
  const [connecting, setConnecting] = useState<string>(); // '' while the first model is awaited
  const edited = doing && doing.what !== 'line' ? doing.model : undefined;
  const edit = useEdit('model', edited?.uid ?? '');
  const near = only ? neighbours(models, only) : models;
  const nodes: ModelNode[] = near.map((one) => ({ name: one.name, type: one.type ?? 'users', source: one.source, relations: one.relations ?? [] }));
  const named = (name: string) => models.find((one) => one.name === name);
  const listed = only ? [only] : models;
  const clicked = (name: string) => {
    const model = named(name);
    if (!model) return;
    if (connecting === undefined) return void navigate({ to: '/models/$uid', params: { uid: model.uid } });
    if (connecting === '') return setConnecting(name);
    const from = named(connecting)!;
    setConnecting(undefined);
    setDoing({ what: 'new', model: from, to: name });
  };
  const line = (line: Line) => {
    if (readOnly) return;
    const [one, ...more] = line.relations;
    if (more.length > 0) return setDoing({ what: 'line', line });
    setDoing({ what: 'change', model: named(one!.model)!, relation: one!.relation });
  };
  const close = () => setDoing(undefined);
  return (
    <Stack>
      <Group justify="space-between">
        <Text c="dimmed" maw={640}>
          Relations let a segment ask what people did or have: customers with two orders, of a certain product, in the last month.
        </Text>
        {!readOnly && (
          <Group gap="xs">
            {models.length > 1 && !only && (
              <Button variant={connecting === undefined ? 'default' : 'filled'} onClick={() => setConnecting(connecting === undefined ? '' : undefined)}>
                {connecting === undefined ? 'Connect in the drawing' : 'Stop connecting'}
              </Button>
            )}
            {only && <Button onClick={() => setDoing({ what: 'new', model: only })}>Add a relation</Button>}
          </Group>
        )}
      </Group>
      {nodes.length > 0 && (
        <Paper withBorder p="md">
          <Graph models={nodes} chosen={connecting} onModel={clicked} onLine={line} />
        </Paper>
      )}
      <Stack gap="xs" component="section" aria-label="Relations">
        {listed.map((model) => (
          <div key={model.uid}>
            {!only && (
              <Group justify="space-between" mb={4}>
                <Title order={2} size="h5" dir="auto">
                  {model.name}
                </Title>
                {!readOnly && models.length > 1 && (
                  <Button size="compact-sm" variant="default" onClick={() => setDoing({ what: 'new', model })} aria-label={`Add a relation to ${model.name}`}>
                    Add a relation
                  </Button>
                )}
              </Group>
            )}
            {(model.relations ?? []).length === 0 && <Text size="sm" c="dimmed">{only ? `${model.name} has no relations of its own.` : 'None of its own.'}</Text>}
            <List listStyleType="none" spacing={4}>
              {(model.relations ?? []).map((one) => (
                <List.Item key={one.name} styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}>
                  <Group justify="space-between" gap="xs">
                    <Text size="sm" flex="1 1 16rem" dir="auto">
                      <b>{one.name}</b> · {relationInWords(model.name, one)}
                    </Text>
                    {!readOnly && (
                      <Group gap={4}>
                        <Button size="compact-sm" variant="default" onClick={() => setDoing({ what: 'change', model, relation: one })} aria-label={`Edit the relation ${one.name} of ${model.name}`}>
                          Edit
                        </Button>
                        <Button size="compact-sm" variant="default" onClick={() => setDoing({ what: 'remove', model, relation: one })} aria-label={`Remove the relation ${one.name} of ${model.name}`}>
                          Remove
                        </Button>
                      </Group>
                    )}
                  </Group>
                </List.Item>
              ))}
            </List>
          </div>
        ))}
      </Stack>
      {edit.choice}
      {(doing?.what === 'new' || doing?.what === 'change') && (
        <RelationDialog
          key={`${doing.model.uid}/${doing.what === 'change' ? doing.relation.name : doing.to}`}
          model={doing.model}
          models={models}
          relation={doing.what === 'change' ? doing.relation : undefined}
          to={doing.what === 'new' ? doing.to : undefined}
          edit={edit}
          onClose={close}
        />
      )}
      <Confirm
        opened={doing?.what === 'line'}
        title="Which relation?"
        verb="Close"
        danger={false}
        onConfirm={close}
        onClose={close}
      >
        {doing?.what === 'line' && (
          <Stack gap="xs">
            {doing.line.relations.map(({ model, relation }) => (
              <Anchor key={model + relation.name} component="button" ta="left" onClick={() => setDoing({ what: 'change', model: named(model)!, relation })}>
                {relationInWords(model, relation)}
              </Anchor>
            ))}
          </Stack>
        )}
      </Confirm>
      <Confirm
        opened={doing?.what === 'remove'}
        title={doing?.what === 'remove' ? `Remove the relation ${doing.relation.name}?` : ''}
        verb="Remove"
        onClose={close}
        onConfirm={async () => {
          if (doing?.what !== 'remove') return;
          const base = await readObject('model', doing.model.uid);
          const now = base.value as unknown as Model;
          await edit.save(base, { ...now, relations: (now.relations ?? []).filter((one) => one.name !== doing.relation.name) });
        }}
      >
        Segments can no longer ask about {doing?.what === 'remove' ? doing.relation.model : ''} through it. Where a segment or a computed field does so now, it is kept and you are told by which.
      </Confirm>
    </Stack>
  );
}

function neighbours(models: Model[], of: Model): Model[] {
  const near = new Set([of.name, ...(of.relations ?? []).flatMap((one) => [one.model, one.through ?? ''])]);
  return models.filter((one) => near.has(one.name) || one.relations?.some((relation) => relation.model === of.name));
}
