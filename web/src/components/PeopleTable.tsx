import { Box, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

// People by rows of values; scrolls inside itself when it is wider than the page.
export function PeopleTable({
  label,
  heads,
  rows,
}: {
  label: string;
  heads: { key: string; label: string; hint?: string }[];
  rows: { key: string; values: Record<string, ReactNode> }[];
}) {
  return (
    <Box tabIndex={0} role="region" aria-label={label} style={{ overflow: 'auto', maxHeight: '60vh' }}>
      <Table stickyHeader striped verticalSpacing={6} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head.key} scope="col" style={{ whiteSpace: 'nowrap' }}>
                {head.label}
                {head.hint && (
                  <Text span size="xs" c="dimmed" ml={6}>
                    {head.hint}
                  </Text>
                )}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              {heads.map((head) => (
                <Table.Td key={head.key} dir="auto" style={{ overflowWrap: 'normal' }}>
                  {row.values[head.key] ?? '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
