// How many people this segment shares with another.
import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { segmentsQuery } from '../../api/queries';
import { overlapQuery } from '../../api/segments';
import type { Unsaved } from '../../api/segments';
import { Loaded } from '../../components/Loading';
import { count, percent } from '../../lib/words';
import { Bars } from './Bars';
import classes from './Overlap.module.css';

export function Overlap({ segment, self, name }: { segment: Unsaved; self: string | undefined; name: string }) {
  const others = useQuery(segmentsQuery).data?.filter((one) => one.model === segment.model && one.uid !== self) ?? [];
  const [other, setOther] = useState<string | null>(null);
  const chosen = others.find((one) => one.uid === other);
  const overlap = useQuery({ ...overlapQuery(segment, other ?? ''), enabled: chosen !== undefined });
  if (others.length === 0) return <Text c="dimmed">There is no other segment of {segment.model} to compare with.</Text>;
  return (
    <Stack>
      <Select
        label="Compare with the segment"
        data={others.map((one) => ({ value: one.uid, label: one.name }))}
        value={other}
        searchable
        placeholder="Choose a segment"
        maw={420}
        onChange={setOther}
      />
      {chosen && (
        <Loaded query={overlap}>
          {(data) => {
            const parts = [data.only[0] ?? 0, data.both, data.only[1] ?? 0];
            const names = [`Only in ${name}`, 'In both', `Only in ${chosen.name}`];
            const share = (data.members[0] ?? 0) > 0 ? percent(data.both / (data.members[0] ?? 1)) : '0%';
            return (
              <Stack gap="sm">
                <Text>
                  {count(data.both)} of the {count(data.members[0] ?? 0)} people here ({share}) are in <bdi>{chosen.name}</bdi> too.
                </Text>
                <div className={classes.bar} aria-hidden="true">
                  {parts.map(
                    (people, i) => people > 0 && <div key={names[i]} className={classes.part} data-part={i} style={{ flexGrow: people }} />,
                  )}
                </div>
                <Bars
                  label="Overlap"
                  heads={['People', 'How many']}
                  whole={data.either}
                  rows={parts.map((people, i) => ({ key: names[i] ?? '', name: names[i], people, faint: i !== 1 }))}
                />
              </Stack>
            );
          }}
        </Loaded>
      )}
    </Stack>
  );
}
