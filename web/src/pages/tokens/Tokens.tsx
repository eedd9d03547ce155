import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { tokensQuery } from '../../api/admin';
import { api, type Schemas, take } from '../../api/client';
import { Confirm } from '../../components/Confirm';
import { CopyField } from '../../components/CopyField';
import { Empty } from '../../components/Empty';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { NeedsRole } from '../../components/NeedsRole';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RolePicker } from '../../components/RolePicker';
import { When } from '../../components/When';
import { titleOfRole } from '../../lib/roles';

type Token = Schemas['Token'];

const LASTS = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: '', label: 'Until it is removed' },
];

function NewToken({ onClose, onMade }: { onClose: () => void; onMade: (token: Token) => void }) {
  const client = useQueryClient();
  const form = useForm<{ name: string; role: Schemas['Role']; days: string }>({
    initialValues: { name: '', role: 'viewer', days: '90' },
    validate: { name: (value) => (value.trim() ? null : 'A name, so that you know it again') },
  });
  const make = useMutation({
    mutationFn: ({ name, role, days }: typeof form.values) =>
      take(api.POST('/api/v1/tokens', { body: { name: name.trim(), role, expires_in_days: days ? Number(days) : null } })),
    onSuccess: async (token) => {
      await client.invalidateQueries({ queryKey: ['tokens'] });
      onClose();
      onMade(token);
    },
  });
  return (
    <Modal opened onClose={onClose} title="Make a token" size="lg">
      <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
        <Stack>
          <TextInput label="Name" description="Of the program that will use it" required data-autofocus {...form.getInputProps('name')} />
          <RolePicker value={form.values.role} onChange={(role) => form.setFieldValue('role', role)} />
          <Select label="Works for" data={LASTS} allowDeselect={false} {...form.getInputProps('days')} />
          {form.values.days === '' && (
            <Text size="sm" c="dimmed">
              Whoever gets hold of it can use it until somebody removes it.
            </Text>
          )}
          {make.isError && <Problem error={make.error} title="No token was made" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Make the token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Made({ token, onClose }: { token: Token; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={`The token “${token.name}”`} size="lg" closeOnClickOutside={false} closeOnEscape={false}>
      <Stack>
        <Alert color="orange" title="This is shown once">
          Rollcall keeps no copy that could be read. Copy it now to where it is used; if it gets lost, remove it and make another.
        </Alert>
        <CopyField label="Token" value={token.token ?? ''} />
        <Text size="sm" c="dimmed">
          Programs send it with each request as the header <code>Authorization: Bearer rc_…</code>
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            I have copied it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function TokenList() {
  const tokens = useQuery(tokensQuery);
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Token | null>(null);
  const [removing, setRemoving] = useState<Token | null>(null);
  const remove = async (token: Token) => {
    await take(api.DELETE('/api/v1/tokens/{uid}', { params: { path: { uid: token.uid } } }));
    await client.invalidateQueries({ queryKey: ['tokens'] });
  };
  const begin = <Button onClick={() => setMaking(true)}>Make a token</Button>;
  return (
    <>
      <PageHead
        title="Tokens"
        about="By a token a program asks Rollcall's API, with a role of its own. It is nobody's: it goes on when whoever made it is gone."
        actions={begin}
      />
      <Loaded query={tokens}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No token yet" action={begin}>
              A scheduler that starts runs needs one with the role operator; a dashboard that reads numbers needs a viewer's.
            </Empty>
          ) : (
            <Listing
              label="Tokens"
              rows={all}
              rowKey={(token) => token.uid}
              columns={[
                {
                  head: 'Name',
                  cell: (token) => (
                    <Text fw={600} size="sm" dir="auto">
                      {token.name}
                    </Text>
                  ),
                },
                { head: 'Role', short: true, cell: (token) => titleOfRole(token.role) },
                { head: 'Made by', cell: (token) => token.made_by },
                { head: 'Last used', short: true, cell: (token) => <When at={token.last_used_at} relative none="Never" /> },
                { head: 'Works until', short: true, cell: (token) => <When at={token.expires_at} none="It is removed" /> },
                {
                  head: 'Actions',
                  cell: (token) => (
                    <Button
                      variant="subtle"
                      color="red"
                      size="compact-sm"
                      onClick={() => setRemoving(token)}
                      aria-label={`Remove ${token.name}`}
                    >
                      Remove
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {making && <NewToken onClose={() => setMaking(false)} onMade={setMade} />}
      {made && <Made token={made} onClose={() => setMade(null)} />}
      <Confirm
        opened={!!removing}
        title={`Remove the token “${removing?.name ?? ''}”?`}
        verb="Remove"
        onConfirm={() => (removing ? remove(removing) : undefined)}
        onClose={() => setRemoving(null)}
      >
        Programs that use it are refused at once, and it cannot be brought back.
        {removing?.last_used_at && (
          <>
            {' '}
            It was last used <When at={removing.last_used_at} relative />.
          </>
        )}
      </Confirm>
    </>
  );
}

export default function Tokens() {
  return (
    <NeedsRole needs="admin" page="Tokens">
      <TokenList />
    </NeedsRole>
  );
}
