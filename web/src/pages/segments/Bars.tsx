// Numbers of people as bars, which is a table at the same time.
import { Box, Table } from '@mantine/core';
import type { ReactNode } from 'react';

import { count, percent } from '../../lib/words';
import classes from './Bars.module.css';

export function Bars({
  label,
  heads,
  rows,
  whole,
}: {
  label: string;
  heads: [string, string];
  rows: { key: string; name: ReactNode; people: number; faint?: boolean }[];
  whole: number;
}) {
  const most = Math.max(1, ...rows.map((one) => one.people));
  return (
    <Table aria-label={label} verticalSpacing={4} maw={760}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col" w="35%">
            {heads[0]}
          </Table.Th>
          <Table.Th scope="col" ta="right" w={110} style={{ whiteSpace: 'nowrap' }}>
            {heads[1]}
          </Table.Th>
          <Table.Th scope="col" ta="right" w={70}>
            Share
          </Table.Th>
          <Table.Th aria-hidden="true" className={classes.bars} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((one) => (
          <Table.Tr key={one.key}>
            <Table.Th scope="row" fw={400} dir="auto">
              {one.name}
            </Table.Th>
            <Table.Td ta="right" className="numbers">
              {count(one.people)}
            </Table.Td>
            <Table.Td ta="right" className="numbers">
              {whole > 0 ? percent(one.people / whole) : '–'}
            </Table.Td>
            <Table.Td aria-hidden="true" className={classes.bars}>
              <Box className={one.faint ? classes.faint : classes.bar} style={{ width: `${(one.people / most) * 100}%` }} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
