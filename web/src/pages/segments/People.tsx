// Some of the people, by name; one of them whole in a sheet at the side.
import { Anchor, Drawer, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useMay } from '../../api/queries';
import { previewQuery } from '../../api/segments';
import type { Preview, Unsaved } from '../../api/segments';
import { ButtonTo } from '../../components/links';
import { Loaded } from '../../components/Loading';
import { KeyValue } from '../../components/KeyValue';
import { PeopleTable } from '../../components/PeopleTable';
import { count } from '../../lib/words';
import type { CountState } from '../../rule/counts';
import { cellOf, cellText } from './cells';

const SHOWN = 20;

export function People({ segment, size }: { segment: Unsaved; size: CountState | undefined }) {
  const may = useMay('operator');
  const preview = useQuery({ ...previewQuery(segment, SHOWN), enabled: may });
  if (!may) return <Text c="dimmed">Seeing people needs the role operator. Numbers are for everyone.</Text>;
  return <Loaded query={preview}>{(data) => <Sample data={data} size={size} stale={preview.isPlaceholderData} />}</Loaded>;
}

function Sample({ data, size, stale }: { data: Preview; size: CountState | undefined; stale: boolean }) {
  const [shown, setShown] = useState<Record<string, unknown>>();
  const [key] = data.fields;
  const email = data.fields.find((one) => /mail/i.test(one.name));
  if (data.rows.length === 0) return <Text>Nobody matches this rule.</Text>;
  const whole = size?.state === 'counted' ? ` of ${count(size.members)}` : '';
  return (
    <Stack gap="xs" style={{ opacity: stale ? 0.5 : 1 }} aria-busy={stale}>
      <Text size="sm" c="dimmed">
        {data.rows.length < SHOWN ? `All ${count(data.rows.length)}` : `${count(data.rows.length)}${whole}, as the source gives them`}
      </Text>
      <PeopleTable
        label="Some of the people"
        heads={data.fields.map((one) => ({ key: one.name, label: one.label, ...(one.type === 'timestamp' && { hint: 'UTC' }) }))}
        rows={data.rows.map((row, index) => ({
          key: String(index),
          values: Object.fromEntries(
            data.fields.map((one) => [
              one.name,
              one === key ? (
                <Anchor component="button" type="button" size="sm" onClick={() => setShown(row)}>
                  {cellText(row[one.name])}
                </Anchor>
              ) : one.type === 'timestamp' || one.type === 'date' ? (
                <span style={{ whiteSpace: 'nowrap' }}>{cellOf(row[one.name], one.type)}</span>
              ) : (
                cellText(row[one.name])
              ),
            ]),
          ),
        }))}
      />
      <Drawer
        opened={shown !== undefined}
        onClose={() => setShown(undefined)}
        position="right"
        title={key ? cellText(shown?.[key.name]) : ''}
      >
        {shown && (
          <Stack>
            <KeyValue pairs={data.fields.map((one) => [one.label, cellOf(shown[one.name], one.type)])} />
            {email && typeof shown[email.name] === 'string' && (
              <ButtonTo to="/people" search={{ key: shown[email.name] as string }} variant="default">
                On which lists is this person?
              </ButtonTo>
            )}
          </Stack>
        )}
      </Drawer>
    </Stack>
  );
}
