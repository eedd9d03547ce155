import type { ReactNode } from 'react';

import { Empty } from './Empty';

/** Why somebody sees nothing here: their role. */
export function NotAllowed({ head, what, role = 'editor' }: { head: ReactNode; what: string; role?: string }) {
  return (
    <>
      {head}
      <Empty title={`${what}, the role ${role} is needed`}>Ask an admin of this Rollcall to give you that role.</Empty>
    </>
  );
}
