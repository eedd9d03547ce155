import { AppShell, Burger, Button, Group, Menu, NavLink, ScrollArea, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';

import { api, forgetSession, take } from '../api/client';
import { sessionQuery, useMay } from '../api/queries';
import { PaletteButton } from './PaletteButton';
import { Standing } from './Standing';
import { subjects } from './subjects';

function Navigation() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isAdmin = useMay('admin');
  return subjects
    .filter((group) => !group.admin || isAdmin)
    .map((group) => (
      <div key={group.label}>
        {group.label && (
          <Text size="xs" fw={600} c="dimmed" px="sm" pt="md" pb={4}>
            {group.label}
          </Text>
        )}
        {group.items.map(({ to, label }) => {
          const active = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
          return (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              active={active}
              aria-current={active ? 'page' : undefined}
              variant="light"
              fw={active ? 600 : undefined}
            />
          );
        })}
      </div>
    ));
}

function Person() {
  const session = useQuery(sessionQuery).data;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const client = useQueryClient();
  const navigate = useNavigate();
  const signOut = async () => {
    await take(api.DELETE('/api/v1/session'));
    forgetSession();
    client.clear();
    await navigate({ to: '/sign-in' });
  };
  if (!session) return null;
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button variant="subtle" color="gray" c="var(--mantine-color-text)" size="compact-md" maw={{ base: 170, sm: 300 }}>
          <Text inherit truncate>
            {session.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.name}, {session.role}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings">
          Settings
        </Menu.Item>
        <Menu.Label>Colours</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map((one) => (
          <Menu.Item key={one} onClick={() => setColorScheme(one)} fw={colorScheme === one ? 600 : undefined}>
            {{ light: 'Light', dark: 'Dark', auto: 'As the system has them' }[one]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

// The frame of all pages but sign-in: navigation at the left, who is signed in at the top.
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => close(), [path, close]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'md', sm: 'xl' }}
      transitionDuration={0}
    >
      <a href="#main" className="skip-link">
        Skip to the content
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" aria-expanded={opened} />
            <UnstyledButton component={Link} to="/" aria-label="Rollcall, home">
              <Group gap={8} wrap="nowrap">
                <img src="/icon.svg" alt="" width={26} height={26} />
                <Text fw={700} visibleFrom="xs">
                  Rollcall
                </Text>
              </Group>
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <PaletteButton />
            <Person />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Subjects">
        <ScrollArea>
          <Navigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
        <Standing />
      </AppShell.Main>
    </AppShell>
  );
}
