import { useBlocker } from '@tanstack/react-router';

import { Confirm } from './Confirm';

// Asks before a draft is left that was not saved. Whoever saved it goes on by `navigate({…,
// ignoreBlocker: true})`, since the draft is dirty until the next rendering.
export function LeaveGuard({ dirty }: { dirty: boolean }) {
  const blocker = useBlocker({ shouldBlockFn: () => dirty, withResolver: true, enableBeforeUnload: dirty });
  return (
    <Confirm
      opened={blocker.status === 'blocked'}
      title="Leave without saving?"
      verb="Leave"
      onConfirm={() => blocker.proceed?.()}
      onClose={() => blocker.reset?.()}
    >
      What you changed here is not saved yet, and is lost when you leave.
    </Confirm>
  );
}
