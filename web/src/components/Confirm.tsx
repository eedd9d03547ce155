import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Problem } from './Problem';

// Asks before something is lost. `children` name the consequence; `verb` is the button's.
export function Confirm({
  opened,
  title,
  verb,
  danger = true,
  children,
  onConfirm,
  onClose,
}: {
  opened: boolean;
  title: string;
  verb: string;
  danger?: boolean;
  children: ReactNode;
  onConfirm: () => Promise<unknown> | void;
  onClose: () => void;
}) {
  const doing = useMutation({ mutationFn: async () => onConfirm(), onSuccess: () => close() });
  const close = () => {
    doing.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={title} centered>
      <Stack>
        <div>{children}</div>
        {doing.isError && <Problem error={doing.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button color={danger ? 'red' : undefined} loading={doing.isPending} onClick={() => doing.mutate()}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
