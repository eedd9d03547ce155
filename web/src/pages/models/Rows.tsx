import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { PeopleTable } from '../../components/PeopleTable';
import { cellText, typeName } from '../../lib/columns';

export interface Shown {
  fields: { name: string; label: string; type: string }[];
  rows: Record<string, unknown>[];
}

/** Rows as they are, under the names that people know. */
export function Rows({ shown, label, first = [] }: { shown: Shown; label: string; first?: string[] }) {
  const [full, setFull] = useState(false);
  const fields = [...shown.fields.filter((one) => first.includes(one.name)), ...shown.fields.filter((one) => !first.includes(one.name))];
  const wide = 40;
  return (
    <Stack gap="xs">
      <PeopleTable
        label={label}
        heads={fields.map((one) => ({ key: one.name, label: one.label || one.name, hint: typeName(one.type) }))}
        rows={shown.rows.map((row, i) => ({
          key: String(i),
          values: Object.fromEntries(
            fields.map((one) => {
              const text = cellText(row[one.name]);
              return [one.name, text === '' ? null : full || text.length <= wide ? text : `${text.slice(0, wide)}…`];
            }),
          ),
        }))}
      />
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {shown.rows.length === 0 ? 'There are no rows.' : `The first ${shown.rows.length} rows the source gives.`}
        </Text>
        {shown.rows.some((row) => fields.some((one) => cellText(row[one.name]).length > wide)) && (
          <Button variant="default" size="compact-sm" onClick={() => setFull(!full)}>
            {full ? 'Shorten long values' : 'Show long values whole'}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
