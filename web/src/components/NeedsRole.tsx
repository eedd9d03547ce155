import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import type { Schemas } from '../api/client';
import { sessionQuery, useMay } from '../api/queries';
import { ROLES } from '../lib/roles';
import { Empty } from './Empty';
import { PageHead } from './PageHead';

// What only some may see; others are told why they do not, and who can change that.
export function NeedsRole({ needs, page, children }: { needs: Schemas['Role']; page: string; children: ReactNode }) {
  const may = useMay(needs);
  const session = useQuery(sessionQuery).data;
  if (may) return children;
  const article = /^[aeo]/.test(needs) ? 'an' : 'a';
  const has = ROLES.find((one) => one.role === session?.role);
  return (
    <>
      <PageHead title={page} />
      <Empty title={`This needs the role ${needs}`}>
        You are signed in as {session?.name ?? 'nobody'}
        {has && `, with the role ${has.role}`}, and only {article} {needs} sees what is here. Nothing is broken: an admin can give you
        another role under Users.
      </Empty>
    </>
  );
}
