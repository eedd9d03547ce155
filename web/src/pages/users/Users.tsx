import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { usersQuery } from '../../api/admin';
import { api, type Schemas, take } from '../../api/client';
import { sessionQuery, useMay } from '../../api/queries';
import { Confirm } from '../../components/Confirm';
import { CopyField } from '../../components/CopyField';
import { Listing } from '../../components/Listing';
import { Loaded } from '../../components/Loading';
import { NeedsRole } from '../../components/NeedsRole';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { RolePicker } from '../../components/RolePicker';
import { Tag } from '../../components/Tag';
import { When } from '../../components/When';
import { changeOfRole, titleOfRole } from '../../lib/roles';

type User = Schemas['User'];
type Link = { email: string; word: string; again: boolean };

const nameOf = (user: User) => user.name || user.email;

function Invite({ opened, onClose, onInvited }: { opened: boolean; onClose: () => void; onInvited: (link: Link) => void }) {
  const client = useQueryClient();
  const form = useForm<{ email: string; name: string; role: Schemas['Role'] }>({
    initialValues: { email: '', name: '', role: 'viewer' },
    validate: { email: (value) => (value.includes('@') ? null : 'An e-mail address, such as ann@example.com') },
  });
  const invite = useMutation({
    mutationFn: (values: typeof form.values) => take(api.POST('/api/v1/users', { body: values })),
    onSuccess: async (user) => {
      await client.invalidateQueries({ queryKey: ['users'] });
      close();
      onInvited({ email: user.email, word: user.invitation ?? '', again: false });
    },
  });
  const close = () => {
    form.reset();
    invite.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Invite somebody" size="lg">
      <form onSubmit={form.onSubmit((values) => invite.mutate({ ...values, email: values.email.trim(), name: values.name.trim() }))}>
        <Stack>
          <TextInput
            label="E-mail"
            description="What they sign in by; Rollcall sends nothing to it"
            type="email"
            required
            data-autofocus
            {...form.getInputProps('email')}
          />
          <TextInput label="Name" description="May stay empty" {...form.getInputProps('name')} />
          <RolePicker value={form.values.role} onChange={(role) => form.setFieldValue('role', role)} />
          {invite.isError && <Problem error={invite.error} title="Nobody was invited" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={invite.isPending}>
              Invite
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

// The link by which somebody sets a password: it is shown once, and this page sends it to nobody.
function Invited({ link, onClose }: { link: Link | null; onClose: () => void }) {
  return (
    <Modal opened={!!link} onClose={onClose} title={`A link for ${link?.email ?? ''}`} size="lg" closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">
          Send them this link. With it they set a password and are signed in; it works once, within a day
          {link?.again && ', and any link before it works no more'}. It is not shown again: if it gets lost, make another.
        </Text>
        <CopyField label="Link" value={`${location.origin}/setup?${new URLSearchParams({ word: link?.word ?? '', for: link?.email ?? '' })}`} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function ChangeRole({ user, onClose }: { user: User; onClose: () => void }) {
  const client = useQueryClient();
  const [role, setRole] = useState(user.role);
  const change = useMutation({
    mutationFn: () => take(api.PATCH('/api/v1/users/{uid}', { params: { path: { uid: user.uid } }, body: { role } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Role of ${nameOf(user)}`} size="lg">
      <Stack>
        <RolePicker value={role} onChange={setRole} />
        {role !== user.role && <Text size="sm">{changeOfRole(nameOf(user), user.role, role)}</Text>}
        {change.isError && <Problem error={change.error} title="The role stays as it was" />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={role === user.role} loading={change.isPending} onClick={() => change.mutate()}>
            Change the role
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function State({ user }: { user: User }) {
  if (user.disabled) return <Tag>Disabled</Tag>;
  if (!user.has_password) return <Tag color="orange">Invited, no password yet</Tag>;
  return <Tag color="green">May sign in</Tag>;
}

type Asked = { what: 'role' | 'disable' | 'remove'; user: User };

function UserList() {
  const users = useQuery({ ...usersQuery, enabled: useMay('admin') });
  const me = useQuery(sessionQuery).data?.uid;
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [link, setLink] = useState<Link | null>(null);
  const [inviting, setInviting] = useState(false);
  const renew = () => client.invalidateQueries({ queryKey: ['users'] });
  const close = () => setAsked(null);
  const path = (user: User) => ({ params: { path: { uid: user.uid } } });
  const disable = (user: User, disabled: boolean) =>
    take(api.PATCH('/api/v1/users/{uid}', { ...path(user), body: { disabled } })).then(renew);
  const act = useMutation({ mutationFn: (work: () => Promise<unknown>) => work() });
  const inviteAgain = (user: User) =>
    act.mutate(async () => {
      const { invitation } = await take(api.POST('/api/v1/users/{uid}/invite', path(user)));
      setLink({ email: user.email, word: invitation, again: true });
    });

  return (
    <>
      <PageHead
        title="Users"
        about="Who may sign in, and what they may do. Each is known by an e-mail address."
        actions={<Button onClick={() => setInviting(true)}>Invite somebody</Button>}
      />
      <Stack>
        {act.isError && <Problem error={act.error} />}
        <Loaded query={users}>
          {(all) => (
            <Listing
              label="Users"
              rows={all}
              rowKey={(user) => user.uid}
              columns={[
                {
                  head: 'Who',
                  cell: (user) => (
                    <>
                      <Text fw={600} size="sm" dir="auto">
                        {nameOf(user)} {user.uid === me && <Tag color="blue">You</Tag>}
                      </Text>
                      {user.name && (
                        <Text size="sm" c="dimmed">
                          {user.email}
                        </Text>
                      )}
                    </>
                  ),
                },
                { head: 'Role', short: true, cell: (user) => titleOfRole(user.role) },
                { head: 'State', short: true, cell: (user) => <State user={user} /> },
                { head: 'Last seen', short: true, cell: (user) => <When at={user.last_seen_at} relative none="Never" /> },
                {
                  head: 'Actions',
                  cell: (user) => (
                    <Menu position="bottom-end" withinPortal>
                      <Menu.Target>
                        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${nameOf(user)}`}>
                          ⋯
                        </ActionIcon>
                      </Menu.Target>
                      <Menu.Dropdown>
                        <Menu.Item onClick={() => setAsked({ what: 'role', user })}>Change the role</Menu.Item>
                        {!user.disabled && (
                          <Menu.Item onClick={() => inviteAgain(user)}>
                            {user.has_password ? 'Make a link for a new password' : 'Make a new link'}
                          </Menu.Item>
                        )}
                        {user.disabled ? (
                          <Menu.Item onClick={() => act.mutate(() => disable(user, false))}>Let them sign in again</Menu.Item>
                        ) : (
                          <Menu.Item onClick={() => setAsked({ what: 'disable', user })}>Disable</Menu.Item>
                        )}
                        <Menu.Item color="red" onClick={() => setAsked({ what: 'remove', user })}>
                          Remove
                        </Menu.Item>
                      </Menu.Dropdown>
                    </Menu>
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </Stack>
      <Invite opened={inviting} onClose={() => setInviting(false)} onInvited={setLink} />
      <Invited link={link} onClose={() => setLink(null)} />
      {asked?.what === 'role' && <ChangeRole user={asked.user} onClose={close} />}
      <Confirm
        opened={asked?.what === 'disable'}
        title={`Disable ${asked ? nameOf(asked.user) : ''}?`}
        verb="Disable"
        onConfirm={() => (asked ? disable(asked.user, true) : undefined)}
        onClose={close}
      >
        They are signed out at once, and cannot sign in until you let them again. What they made stays, and so do tokens they made.
      </Confirm>
      <Confirm
        opened={asked?.what === 'remove'}
        title={`Remove ${asked ? nameOf(asked.user) : ''}?`}
        verb="Remove"
        onConfirm={() => (asked ? take(api.DELETE('/api/v1/users/{uid}', path(asked.user))).then(renew) : undefined)}
        onClose={close}
      >
        They are signed out at once, and their account is gone; to come back they must be invited anew. What they made stays, their
        lines in the log stay, and tokens they made go on working.
      </Confirm>
    </>
  );
}

export default function Users() {
  return (
    <NeedsRole needs="admin" page="Users">
      <UserList />
    </NeedsRole>
  );
}
