import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { statusQuery } from '../../api/activations';
import { useMay } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { Find } from '../../components/Find';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { stateOf } from '../../lib/state';
import type { State } from '../../lib/state';
import { count } from '../../lib/words';
import { ButtonTo, LinkTo } from '../../components/links';
import { standingColumns } from './standing-columns';

const states: State[] = ['Failed', 'Stopped', 'Resting', 'Late', 'Running', 'Waiting', 'Paused', 'Healthy'];

export default function Activations() {
  const status = useQuery(statusQuery);
  const mayEdit = useMay('editor');
  const [state, setState] = useState<string | null>(null);
  const add = mayEdit && (
    <ButtonTo to="/activations/new">
      New activation
    </ButtonTo>
  );
  return (
    <>
      <PageHead title="Activations" about="Each keeps one list in Iterable equal to one segment." actions={add} />
      <Loaded query={status} lines={8}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No activation yet" action={add}>
              Activate a segment, and its people become a contact list in Iterable that stays true by itself: who enters is added, who leaves is removed.
            </Empty>
          ) : (
            <Find
              rows={state ? all.filter((one) => stateOf(one) === state) : all}
              text={(one) => `${one.name} ${one.segment} ${one.destination}`}
              label="Find an activation"
              beside={
                all.length > 5 && (
                  <Select label="State" placeholder="Any" clearable data={states} value={state} onChange={setState} w={150} clearButtonProps={{ 'aria-label': 'Any state' }} />
                )
              }
            >
              {(rows) =>
                rows.length === 0 ? (
                  <Text>No activation is like that.</Text>
                ) : (
                  <Listing
                    label="Activations"
                    rows={rows}
                    rowKey={(one) => one.uid}
                    columns={[
                      {
                        head: 'Name',
                        cell: (one) => (
                          <>
                            <LinkTo to="/activations/$uid" params={{ uid: one.uid }} fw={600} dir="auto">
                              {one.name}
                            </LinkTo>
                            <Text size="sm" c="dimmed" dir="auto">
                              {one.segment} → {one.destination}
                            </Text>
                          </>
                        ),
                      },
                      ...standingColumns,
                      { head: 'Not contacts', number: true, cell: (one) => count(one.parked) },
                      { head: 'Refused', number: true, cell: (one) => count(one.rejected) },
                    ]}
                  />
                )
              }
            </Find>
          )
        }
      </Loaded>
    </>
  );
}
