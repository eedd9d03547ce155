import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';

import { readObject } from '../../api/catalog';
import { Confirm } from '../../components/Confirm';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { useEdit } from '../../components/useEdit';
import { typeName } from '../../lib/columns';
import { type Computed, computedKinds, inWords, kindOf } from '../../lib/computed';
import { ComputedDialog } from './ComputedDialog';
import type { Model } from './model';

/** The fields of a model that are worked out. Each is saved by itself. */
export function ComputedFields({ model, models, types, readOnly }: { model: Model; models: Model[]; types: Map<string, string>; readOnly: boolean }) {
  const [open, setOpen] = useState<{ field?: Computed }>();
  const [removing, setRemoving] = useState<Computed>();
  const edit = useEdit('model', model.uid);
  const all = model.computed ?? [];
  // What somebody else changed meanwhile stays.
  const change = async (how: (now: Computed[]) => Computed[]) => {
    const base = await readObject('model', model.uid);
    const now = base.value as unknown as Model;
    const computed = how(now.computed ?? []);
    await edit.save(base, { ...now, computed });
  };
  const add = readOnly ? null : <Button onClick={() => setOpen({})}>Add a computed field</Button>;
  return (
    <>
      {edit.choice}
      {all.length === 0 ? (
        <Empty title="No computed field yet" action={add}>
          Computed fields are worked out from your data: the number of orders, their total, a label such as gold or silver, the city of the address. They can be used like any field.
        </Empty>
      ) : (
        <>
          <Group justify="space-between" mb="sm">
            <Text c="dimmed" maw={600}>
              Worked out whenever they are used, and used like any field.
            </Text>
            {add}
          </Group>
          <Listing
            label="Computed fields"
            rows={all}
            rowKey={(one) => one.name}
            columns={[
              {
                head: 'Name',
                cell: (one) => (
                  <span dir="auto">
                    <b>{one.label || one.name}</b>
                    {one.label && (
                      <Text span size="sm" c="dimmed">
                        {' '}
                        {one.name}
                      </Text>
                    )}
                  </span>
                ),
              },
              { head: 'Kind', cell: (one) => computedKinds.find((kind) => kind.kind === kindOf(one))!.title },
              { head: 'What it is', cell: (one) => <span dir="auto">{inWords(one)}</span> },
              { head: 'Type', cell: (one) => (types.has(one.name) ? typeName(types.get(one.name)!) : '–') },
              ...(readOnly
                ? []
                : [
                    {
                      head: 'Change',
                      cell: (one: Computed) => (
                        <Group gap={4} wrap="nowrap">
                          <Button size="compact-sm" variant="default" onClick={() => setOpen({ field: one })} aria-label={`Edit ${one.name}`}>
                            Edit
                          </Button>
                          <Button size="compact-sm" variant="default" onClick={() => setRemoving(one)} aria-label={`Remove ${one.name}`}>
                            Remove
                          </Button>
                        </Group>
                      ),
                    },
                  ]),
            ]}
          />
        </>
      )}
      {open && (
        <ComputedDialog
          model={model}
          models={models}
          field={open.field}
          save={(field) => change((now) => (open.field ? now.map((one) => (one.name === open.field!.name ? field : one)) : [...now, field]))}
          onClose={() => setOpen(undefined)}
        />
      )}
      <Confirm
        opened={removing !== undefined}
        title={`Remove ${removing?.name ?? ''}?`}
        verb="Remove"
        onClose={() => setRemoving(undefined)}
        onConfirm={() => change((now) => now.filter((one) => one.name !== removing!.name))}
      >
        Your data stay as they are. Where a segment or an activation uses this field, it is kept and you are told by which.
      </Confirm>
    </>
  );
}
