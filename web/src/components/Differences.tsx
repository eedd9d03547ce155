import { Table, Text } from '@mantine/core';

import { type Line, placeInWords, shown } from '../lib/difference';
import classes from './Differences.module.css';

// What changed, a row for each place: what was struck out, what is now beside it.
export function Differences({ lines, label }: { lines: Line[]; label: string }) {
  if (lines.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing is told of what changed.
      </Text>
    );
  return (
    <Table className={classes.table} aria-label={label} verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Where</Table.Th>
          <Table.Th scope="col">Before</Table.Th>
          <Table.Th scope="col">After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line, i) => (
          <Table.Tr key={i}>
            <Table.Th scope="row">{placeInWords(line.path) || 'all of it'}</Table.Th>
            <Table.Td data-head="before" dir="auto">{line.kind === 'added' ? <i>nothing</i> : <del>{shown(line.before)}</del>}</Table.Td>
            <Table.Td data-head="after" dir="auto">{line.kind === 'removed' ? <i>nothing</i> : <ins>{shown(line.after)}</ins>}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
