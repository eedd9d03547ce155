import { Box, Table } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './Listing.module.css';

export interface Column<T> {
  head: string;
  cell: (row: T) => ReactNode;
  number?: boolean;
  short?: boolean; // stays on one line
}

// A table that becomes a column of cards where it is narrow. `label` says what it lists.
export function Listing<T>({
  label,
  rows,
  columns,
  rowKey,
}: {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T, index: number) => string;
}) {
  return (
    <Box className={classes.frame}>
      <Table className={classes.table} verticalSpacing="sm" highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column.head} ta={column.number ? 'right' : undefined} scope="col">
                {column.head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={rowKey(row, index)}>
              {columns.map((column) => (
                <Table.Td key={column.head} data-head={column.head} ta={column.number ? 'right' : undefined} className={[column.number ? 'numbers' : '', column.short ? classes.short : ''].join(' ').trim() || undefined}>
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
