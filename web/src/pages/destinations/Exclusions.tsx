import { Alert, Button, Group, MultiSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import type { Thing } from '../../api/catalog';
import type { Tagged } from '../../api/client';
import { segmentsQuery } from '../../api/queries';
import { Empty } from '../../components/Empty';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Loaded } from '../../components/Loading';
import { Problem } from '../../components/Problem';
import { useEdit } from '../../components/useEdit';
import type { Destination } from '../../lib/destinations';
import { list } from '../../lib/words';

/** Segments of people who are on no list of this destination. */
export function Exclusions({ stored, readOnly }: { stored: Tagged<Thing>; readOnly: boolean }) {
  const segments = useQuery(segmentsQuery);
  const edit = useEdit('destination', stored.value.uid);
  const [base, setBase] = useState(stored);
  const before = (base.value as Destination).exclusions ?? [];
  const [chosen, setChosen] = useState(before);
  const dirty = JSON.stringify(chosen) !== JSON.stringify(before);
  if (!dirty && base.etag !== stored.etag) {
    setBase(stored);
    setChosen((stored.value as Destination).exclusions ?? []);
  }
  const { exclusions: _exclusions, warnings: _warnings, ...rest } = base.value as Destination;
  const saving = useMutation({
    mutationFn: () => edit.save(base, { ...rest, ...(chosen.length > 0 ? { exclusions: chosen } : {}) }),
    onSuccess: (saved) => {
      if (!saved) return setChosen(before);
      setBase(saved);
      setChosen((saved.value as Destination).exclusions ?? []);
    },
  });
  return (
    <Loaded query={segments}>
      {(all) =>
        all.length === 0 ? (
          <Empty
            title="There is no segment yet"
            action={
              readOnly ? null : (
                <Button component={Link} to="/segments/new">
                  Build a segment
                </Button>
              )
            }
          >
            Build a segment of people who are to be left alone, such as those who opted out. Choose it here, and they are on no list of this destination.
          </Empty>
        ) : (
          <Stack maw={720}>
            <LeaveGuard dirty={dirty && !saving.isPending} />
            {edit.choice}
            <Text c="dimmed">Whoever is in one of these segments is on no list of this destination, whatever an activation says. Opt-outs and staff, for example.</Text>
            <MultiSelect
              label="Excluded segments"
              data={all.map((one) => one.name)}
              value={chosen}
              onChange={setChosen}
              searchable
              clearable
              disabled={readOnly}
              nothingFoundMessage="No segment is named so"
              clearButtonProps={{ 'aria-label': 'Exclude nobody' }}
              comboboxProps={{ transitionProps: { duration: 0 } }}
            />
            {dirty && (
              <Alert color="yellow" variant="light">
                {added(before, chosen).length > 0 && <Text size="sm">At their next run all lists here lose the people of {list(added(before, chosen))}. The guard of an activation may stop a run that removes many.</Text>}
                {added(chosen, before).length > 0 && <Text size="sm">At their next run people of {list(added(chosen, before))} may come back to lists here.</Text>}
              </Alert>
            )}
            {saving.isError && <Problem error={saving.error} />}
            {!readOnly && (
              <Group justify="flex-end">
                {dirty && (
                  <Button variant="default" onClick={() => setChosen(before)}>
                    Discard changes
                  </Button>
                )}
                <Button disabled={!dirty} loading={saving.isPending} onClick={() => saving.mutate()}>
                  Save the exclusions
                </Button>
              </Group>
            )}
          </Stack>
        )
      }
    </Loaded>
  );
}

const added = (before: string[], after: string[]) => after.filter((one) => !before.includes(one));
