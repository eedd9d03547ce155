import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { useAct } from '../api/activations';
import type { Run } from '../api/activations';
import { segmentsQuery, activationQuery, useMay } from '../api/queries';
import { guardInWords } from '../lib/numbers';
import { people } from '../lib/words';
import { Confirm } from './Confirm';
import { ButtonTo, LinkTo } from './links';

// A run that the guard stopped: what it would have done, and the two ways on.
export function GuardStop({ run }: { run: Run }) {
  const act = useAct(run.activation_uid);
  const navigate = useNavigate();
  const mayOperate = useMay('operator');
  const [asks, setAsks] = useState(false);
  const activation = useQuery(activationQuery(run.activation_uid));
  const segments = useQuery(segmentsQuery);
  const segment = segments.data?.find((one) => one.name === activation.data?.value.segment);
  const { entered, left, changed } = run.changes;
  return (
    <Alert color="orange" variant="light" role="alert" title="Stopped: this is more than the guard lets pass">
      <Stack gap="sm">
        <Text size="sm">{run.error && guardInWords(run.error.message)}</Text>
        <Text size="sm" fw={600}>
          Nothing was sent. It would have
        </Text>
        <List size="sm">
          <List.Item>removed {people(left)} from the list,</List.Item>
          <List.Item>added {people(entered)},</List.Item>
          <List.Item>updated attributes of {people(changed)}.</List.Item>
        </List>
        <Text size="sm">
          Approve it if the segment really changed so much. If not, correct the segment, the data or the limits: the next run looks again.
        </Text>
        {mayOperate && (
          <Group>
            <Button onClick={() => setAsks(true)}>Approve</Button>
            {segment && (
              <ButtonTo variant="default" to="/segments/$uid" params={{ uid: segment.uid }}>
                Correct the segment
              </ButtonTo>
            )}
            <ButtonTo variant="default" to="/activations/$uid/edit" params={{ uid: run.activation_uid }}>
              Correct the limits
            </ButtonTo>
            <LinkTo to="/activations/$uid" params={{ uid: run.activation_uid }} search={{ tab: 'plan' }} size="sm" c="var(--mantine-color-text)" underline="always">
              See who it is about
            </LinkTo>
          </Group>
        )}
      </Stack>
      <Confirm
        opened={asks}
        title="Approve this run?"
        verb="Approve and run"
        onClose={() => setAsks(false)}
        onConfirm={async () => {
          await act.run.mutateAsync({ approve: run.plan_id });
          await navigate({ to: '/activations/$uid', params: { uid: run.activation_uid } });
        }}
      >
        {people(left)} leave the list, {people(entered)} enter it. It is planned afresh, and stopped again if a number is larger than this.
      </Confirm>
    </Alert>
  );
}
