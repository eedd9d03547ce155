import { Group, Stack, Table, Text } from '@mantine/core';
import { Fragment } from 'react';
import type { ReactNode } from 'react';

import { differenceInWords, partsOf } from '../lib/numbers';
import type { Schemas } from '../api/client';
import { count } from '../lib/words';
import { When } from './When';
import { ButtonTo, LinkTo } from './links';

// From the segment to the list, line by line; each reason leads to its people.
export function ListNumbers({
  standing,
  segment,
  run,
  audit,
  canRead,
}: {
  standing: Schemas['Report']['standing'];
  segment?: Schemas['SegmentCounts'];
  run?: string; // whose people are shown
  audit?: Schemas['AuditReport'] | null;
  canRead?: ReactNode; // how the list is read anew
}) {
  const parts = partsOf(standing, segment);
  const before = parts.filter((one) => one.kind !== 'leaver');
  const members = standing.on_list + before.reduce((sum, one) => sum + one.people, 0);
  const leavers = parts.find((one) => one.kind === 'leaver');
  const row = (head: ReactNode, n: ReactNode, why?: ReactNode, strong = false) => (
    <Table.Tr>
      <Table.Th scope="row" fw={strong ? 650 : 400}>
        {head}
        {why && (
          <Text size="sm" c="dimmed" fw={400}>
            {why}
          </Text>
        )}
      </Table.Th>
      <Table.Td ta="right" className="numbers" fw={strong ? 650 : undefined} style={{ verticalAlign: 'top' }}>
        {n}
      </Table.Td>
    </Table.Tr>
  );
  const label = (one: (typeof parts)[number]) =>
    run ? (
      <LinkTo to="/runs/$uid" params={{ uid: run }} search={{ kind: one.kind }} fz="inherit">
        {one.label}
      </LinkTo>
    ) : (
      one.label
    );
  return (
    <Stack gap="sm">
      <Table aria-label="From the segment to the list" withRowBorders={false} verticalSpacing={6}>
        <Table.Tbody>
          {row('In the segment', count(members), undefined, true)}
          {before.map((one) => (
            <Fragment key={one.kind}>{row(label(one), `− ${count(one.people)}`, one.why)}</Fragment>
          ))}
          {row('On the list, as Iterable confirmed', count(standing.on_list), undefined, true)}
          {leavers && row(label(leavers), `+ ${count(leavers.people)}`, leavers.why)}
          {audit && row(<>On Iterable’s list, read <When at={audit.read_at} /></>, count(audit.listed), differenceInWords(audit), true)}
        </Table.Tbody>
      </Table>
      {canRead && <Group>{canRead}</Group>}
    </Stack>
  );
}

export function ReadListButton({ uid, label = 'Compare with Iterable’s list' }: { uid: string; label?: string }) {
  return (
    <ButtonTo to="/activations/$uid" params={{ uid }} search={{ tab: 'audit' }} variant="default" size="xs">
      {label}
    </ButtonTo>
  );
}
