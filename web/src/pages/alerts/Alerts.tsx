import { Alert, Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { alertsQuery } from '../../api/admin';
import { api, take } from '../../api/client';
import { Confirm } from '../../components/Confirm';
import { Empty } from '../../components/Empty';
import { KeyValue } from '../../components/KeyValue';
import { Loaded } from '../../components/Loading';
import { NeedsRole } from '../../components/NeedsRole';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { Tag } from '../../components/Tag';
import { When } from '../../components/When';
import { type Channel, KINDS, toldOf, TROUBLES, whereTo } from '../../lib/troubles';
import { EditChannel } from './EditChannel';

// Sends a test, and says how it came out beside the button.
function ChannelCard({ channel, onChange, onRemove }: { channel: Channel; onChange: () => void; onRemove: () => void }) {
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: () => take(api.POST('/api/v1/alerts/{uid}/test', { params: { path: { uid: channel.uid } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  const kind = KINDS.find((one) => one.kind === channel.kind);
  return (
    <Card withBorder component="section" aria-labelledby={`channel-${channel.uid}`}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <Group gap="sm">
            <Title order={2} size="h3" id={`channel-${channel.uid}`} dir="auto">
              {channel.name}
            </Title>
            <Tag>{kind?.title}</Tag>
            {!channel.enabled && <Tag color="orange">Off</Tag>}
            {channel.failure && <Tag color="red">Not delivered</Tag>}
          </Group>
          <Group gap="xs">
            <Button variant="default" size="compact-sm" loading={test.isPending} onClick={() => test.mutate()} aria-label={`Send a test to ${channel.name}`}>
              Send a test
            </Button>
            <Button variant="default" size="compact-sm" onClick={onChange} aria-label={`Change ${channel.name}`}>
              Change
            </Button>
            <Button variant="subtle" color="red" size="compact-sm" onClick={onRemove} aria-label={`Remove ${channel.name}`}>
              Remove
            </Button>
          </Group>
        </Group>
        {channel.failure && (
          <Alert color="red" variant="light" title="The last message was not delivered">
            <Text size="sm">{channel.failure}</Text>
            <Text size="sm" mt={4}>
              Messages are tried again for a day, later each time. {remedy(channel)}
            </Text>
          </Alert>
        )}
        <div aria-live="polite">
          {test.data?.delivered && (
            <Alert color="green" variant="light" title="The test was delivered">
              {channel.kind === 'email' ? 'Look into the mailbox; it may take a minute, or lie in the spam folder.' : 'It was answered with success.'}
            </Alert>
          )}
          {test.isError && <Problem error={test.error} title="No test was sent" />}
        </div>
        <KeyValue
          pairs={[
            ['Sent to', whereTo(channel)],
            ['Told of', toldOf(channel)],
            ['Last message', <When key="told" at={channel.told_at} none="None yet" />],
            ...(channel.kind === 'webhook' ? [['Signed', channel.secret ? 'Yes, with a secret' : 'No'] as [string, string]] : []),
          ]}
        />
      </Stack>
    </Card>
  );
}

function remedy(channel: Channel): string {
  if (channel.kind === 'email') return 'Look at the service\'s settings smtp and mail-from, then send a test.';
  if (channel.kind === 'slack') return 'If the webhook was removed in Slack, make a new one there and change its address here.';
  return 'Look at whether the address is right and its program runs, then send a test.';
}

function Troubles() {
  return (
    <section aria-labelledby="troubles">
      <Title order={2} size="h3" id="troubles" mb="xs">
        What is told
      </Title>
      <Text size="sm" c="dimmed" mb="sm" maw={720}>
        Each once when it begins and once when it has ended, with cause, remedy and a link; no message names a person.
      </Text>
      <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'What is told' } }}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Trouble</Table.Th>
              <Table.Th scope="col">Begins</Table.Th>
              <Table.Th scope="col">Ends</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {TROUBLES.map((one) => (
              <Table.Tr key={one.trouble}>
                <Table.Th scope="row">{one.title}</Table.Th>
                <Table.Td>{one.begins}</Table.Td>
                <Table.Td>{one.ends}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function Channels() {
  const channels = useQuery(alertsQuery);
  const client = useQueryClient();
  const [editing, setEditing] = useState<{ channel?: Channel } | null>(null);
  const [removing, setRemoving] = useState<Channel | null>(null);
  const remove = async (channel: Channel) => {
    await take(api.DELETE('/api/v1/alerts/{uid}', { params: { path: { uid: channel.uid } } }));
    await client.invalidateQueries({ queryKey: ['alerts'] });
  };
  const add = <Button onClick={() => setEditing({})}>Add a channel</Button>;
  return (
    <>
      <PageHead title="Alerts" about="Rollcall tells people when a list stops being true, and when it is true again." actions={add} />
      <Stack gap="xl">
        <Loaded query={channels}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="Nobody is told yet" action={add}>
                Runs go on by themselves at night, too. Add an address, a Slack channel or a webhook, and you hear of a run that failed
                before anybody else does.
              </Empty>
            ) : (
              <Stack>
                {all.map((channel) => (
                  <ChannelCard key={channel.uid} channel={channel} onChange={() => setEditing({ channel })} onRemove={() => setRemoving(channel)} />
                ))}
              </Stack>
            )
          }
        </Loaded>
        <Troubles />
      </Stack>
      {editing && (
        <EditChannel
          key={editing.channel?.uid ?? 'new'}
          channel={editing.channel}
          onClose={() => setEditing(null)}
          onSaved={() => setEditing(null)}
        />
      )}
      <Confirm
        opened={!!removing}
        title={`Remove the channel “${removing?.name ?? ''}”?`}
        verb="Remove"
        onConfirm={() => (removing ? remove(removing) : undefined)}
        onClose={() => setRemoving(null)}
      >
        {removing?.kind === 'email' ? 'These addresses are' : 'It is'} told nothing any more
        {removing && removing.kind !== 'email' && ', and its stored address is lost'}. To be told nothing for a while, switch it off instead.
      </Confirm>
    </>
  );
}

export default function Alerts() {
  return (
    <NeedsRole needs="admin" page="Alerts">
      <Channels />
    </NeedsRole>
  );
}
