import { Anchor, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { everythingQuery, removeObject, type Thing, useRenew } from '../api/catalog';
import { type ObjectKind, type Use, usesOf } from '../lib/uses';
import { many } from '../lib/words';
import { Loaded } from './Loading';
import { Problem } from './Problem';

/** Where an object has its page. */
export const pageOf = (kind: ObjectKind, uid: string) => `/${kind}s/${uid}`;

export function Uses({ uses }: { uses: Use[] }) {
  return (
    <List spacing={4}>
      {uses.map((use) => (
        <List.Item key={use.kind + use.uid}>
          The {use.kind}{' '}
          <Anchor component={Link} to={pageOf(use.kind, use.uid)} underline="always" dir="auto">
            {use.name}
          </Anchor>{' '}
          {use.how}
        </List.Item>
      ))}
    </List>
  );
}

/** Lists what is made of an object, and removes it where that is nothing. `children` name the consequence. */
export function RemoveObject({
  kind,
  object,
  opened,
  onClose,
  onRemoved,
  children,
}: {
  kind: ObjectKind;
  object: Thing;
  opened: boolean;
  onClose: () => void;
  onRemoved: () => void;
  children: ReactNode;
}) {
  const all = useQuery({ ...everythingQuery, enabled: opened, staleTime: 0 });
  const renew = useRenew();
  const removing = useMutation({
    mutationFn: () => removeObject(kind, object.uid),
    onSuccess: async () => {
      onClose();
      onRemoved();
      await renew(kind);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={`Remove ${object.name}?`} centered>
      <Loaded query={all} lines={2}>
        {(everything) => {
          const uses = usesOf(kind, object.name, everything);
          return (
            <Stack>
              {uses.length > 0 ? (
                <>
                  <Text>
                    It cannot be removed while {many(uses.length, 'other thing needs', 'other things need')} it. Change or remove {uses.length === 1 ? 'that' : 'those'} first:
                  </Text>
                  <Uses uses={uses} />
                </>
              ) : (
                <div>{children}</div>
              )}
              {removing.isError && <Problem error={removing.error} />}
              <Group justify="flex-end">
                <Button variant="default" onClick={onClose} data-autofocus>
                  {uses.length > 0 ? 'Close' : 'Cancel'}
                </Button>
                {uses.length === 0 && (
                  <Button color="red" loading={removing.isPending} onClick={() => removing.mutate()}>
                    Remove
                  </Button>
                )}
              </Group>
            </Stack>
          );
        }}
      </Loaded>
    </Modal>
  );
}
