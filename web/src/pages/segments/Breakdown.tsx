// Of whom the segment is made: its people by the values of a field.
import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useMay } from '../../api/queries';
import { breakdownQuery } from '../../api/segments';
import type { Unsaved } from '../../api/segments';
import { Loaded } from '../../components/Loading';
import { count } from '../../lib/words';
import type { ModelShape } from '../../rule/types';
import { Bars } from './Bars';
import { cellText } from './cells';

export function Breakdown({ segment, model }: { segment: Unsaved; model: ModelShape }) {
  // What holds several values, or whatever, the service does not count by.
  const fields = (model.fields ?? []).filter((one) => !['list', 'object', 'json'].includes(one.type) && one.name !== model.primaryKey);
  // What few people share tells nothing: a country tells more than an address.
  const first =
    fields.find((one) => /country|city|state|region|tier|plan|status|segment|language/i.test(one.name)) ??
    fields.find((one) => one.type === 'boolean');
  const [by, setBy] = useState<string | null>(first?.name ?? null);
  const may = useMay('operator');
  const breakdown = useQuery({ ...breakdownQuery(segment, by ?? ''), enabled: may && by !== null });
  if (!may) return <Text c="dimmed">A breakdown shows values of people, which needs the role operator.</Text>;
  return (
    <Stack>
      <Select
        label="By the field"
        data={fields.map((one) => ({ value: one.name, label: one.label || one.name }))}
        value={by}
        searchable
        placeholder="Choose a field"
        maw={320}
        onChange={setBy}
      />
      {by !== null && (
        <Loaded query={breakdown}>
          {(data) =>
            data.members === 0 ? (
              <Text>Nobody matches this rule.</Text>
            ) : (
              <Bars
                label={`People by ${by}`}
                heads={['Value', 'People']}
                whole={data.members}
                rows={[
                  ...data.values.map((one) => ({
                    key: `value ${cellText(one.value)} ${String(one.value === null)}`,
                    name: one.value === null ? 'No value' : cellText(one.value),
                    people: one.members,
                  })),
                  ...(data.others > 0
                    ? [{ key: 'others', name: `Other values than these ${count(data.values.length)}`, people: data.others, faint: true }]
                    : []),
                ]}
              />
            )
          }
        </Loaded>
      )}
    </Stack>
  );
}
