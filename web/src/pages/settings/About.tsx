import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { readyQuery } from '../../api/admin';
import { metaQuery } from '../../api/queries';
import { KeyValue } from '../../components/KeyValue';
import { Problem } from '../../components/Problem';
import { Tag } from '../../components/Tag';
import { zone } from '../../lib/time';
import { Section } from './Section';

export function About() {
  const meta = useQuery(metaQuery).data;
  const ready = useQuery(readyQuery);
  const state = ready.isSuccess ? (
    <Tag color="green">Ready: schedules go on</Tag>
  ) : ready.isError ? (
    <Tag color="red">Not ready</Tag>
  ) : (
    'Asking…'
  );
  return (
    <Section title="About this Rollcall">
      {ready.isError && <Problem error={ready.error} title="The schedule does not go on" />}
      <KeyValue
        pairs={[
          ['Version', meta?.version ?? '…'],
          ['Service', state],
          ['Address', location.origin],
          ['Times', `in your zone, ${zone()}; UTC where you point at one. Each schedule says its own zone.`],
          [
            'API',
            <Anchor key="api" href="/api/v1/openapi.yaml" download size="sm">
              Its description (OpenAPI 3.1)
            </Anchor>,
          ],
        ]}
      />
    </Section>
  );
}
