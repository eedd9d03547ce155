import type { Status } from '../../api/activations';
import type { Column } from '../../components/Listing';
import { StateBadge } from '../../components/StateBadge';
import { When } from '../../components/When';
import { stateOf } from '../../lib/state';
import { count } from '../../lib/words';

export function NextRun({ status }: { status: Status }) {
  if (status.paused) return <span>{status.state === 'never_run' ? 'not active yet' : 'paused'}</span>;
  if (status.under_way) return <span>now</span>;
  if (status.next_run_at) return <When at={status.next_run_at} />;
  return <span>by hand</span>;
}

/** How an activation stands, in whichever list. */
export const standingColumns: Column<Status>[] = [
  { head: 'State', cell: (one) => <StateBadge state={stateOf(one)} /> },
  { head: 'Last run', cell: (one) => <When at={one.last_run_at} none="never" /> },
  { head: 'Next run', cell: (one) => <NextRun status={one} /> },
  { head: 'Members', number: true, cell: (one) => count(one.members) },
  { head: 'On the list', number: true, cell: (one) => count(one.on_list) },
];
