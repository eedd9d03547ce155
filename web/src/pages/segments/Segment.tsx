import { Button, List, Menu, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { useMay } from '../../api/queries';
import { removeSegment, storedSegmentQuery } from '../../api/segments';
import { Confirm } from '../../components/Confirm';
import { Loaded } from '../../components/Loading';
import { SegmentEditor } from './SegmentEditor';
import { useUses } from './UsedBy';
import { draftOf } from './body';

export default function Segment() {
  const { uid } = useParams({ from: '/shell/segments/$uid' });
  const { tab, saved } = useSearch({ from: '/shell/segments/$uid' });
  const navigate = useNavigate();
  const mayEdit = useMay('editor');
  const stored = useQuery(storedSegmentQuery(uid));
  const [removing, setRemoving] = useState(false);
  const onTab = (next: string) =>
    void navigate({ to: '/segments/$uid', params: { uid }, search: { tab: next }, replace: true, resetScroll: false, ignoreBlocker: true });
  return (
    <Loaded query={stored} lines={8}>
      {(data) => (
        <>
          <SegmentEditor
            key={uid}
            start={draftOf(data.value)}
            stored={data}
            justSaved={saved !== undefined}
            tab={tab}
            onTab={onTab}
            actions={
              mayEdit && (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <Button variant="default">More…</Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => void navigate({ to: '/segments/new', search: { copy: uid } })}>Duplicate</Menu.Item>
                    <Menu.Item onClick={() => void navigate({ to: '/activations/new', search: { segment: uid } })}>Activate</Menu.Item>
                    <Menu.Item c="red" onClick={() => setRemoving(true)}>
                      Remove
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              )
            }
          />
          <Remove opened={removing} uid={uid} name={data.value.name} etag={data.etag} onClose={() => setRemoving(false)} />
        </>
      )}
    </Loaded>
  );
}

function Remove({ opened, uid, name, etag, onClose }: { opened: boolean; uid: string; name: string; etag: string; onClose: () => void }) {
  const uses = useUses()?.get(name);
  const navigate = useNavigate();
  const client = useQueryClient();
  const names = [
    ...(uses?.activations.map((one) => `the activation ${one.name ?? one.segment}`) ?? []),
    ...(uses?.segments.map((one) => `the segment ${one.name}`) ?? []),
    ...(uses?.destinations.map((one) => `the exclusions of ${one.name}`) ?? []),
  ];
  return (
    <Confirm
      opened={opened}
      title={`Remove ${name}?`}
      verb="Remove"
      onClose={onClose}
      onConfirm={async () => {
        await removeSegment(uid, etag);
        await navigate({ to: '/segments', ignoreBlocker: true });
        client.removeQueries({ queryKey: ['segments', uid] });
        await client.invalidateQueries({ queryKey: ['segments'] });
      }}
    >
      {names.length === 0 ? (
        <Text>Nothing uses it. Its rule is gone then; its past stays in the log.</Text>
      ) : (
        <>
          <Text>It is used by these, so it cannot be removed before they are changed:</Text>
          <List>
            {names.map((one) => (
              <List.Item key={one}>
                <bdi>{one}</bdi>
              </List.Item>
            ))}
          </List>
        </>
      )}
    </Confirm>
  );
}
