// The one list of pages. Each is loaded when it is first opened.
import { Stack } from '@mantine/core';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import type { ComponentType } from 'react';

import { queryClient } from './api/query-client';
import { sessionQuery } from './api/queries';
import { Empty } from './components/Empty';
import { Waiting } from './components/Loading';
import { Problem } from './components/Problem';
import { Shell } from './components/Shell';

const root = createRootRoute();

// All that needs somebody to be signed in.
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ location }) => {
    if (await queryClient.fetchQuery(sessionQuery)) return;
    throw redirect({ to: '/sign-in', search: { next: location.href } });
  },
});

type Load = () => Promise<{ default: ComponentType }>;

function page<const Path extends string>(path: Path, load: Load) {
  return createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(load) });
}

// Search parameters of a page: text by name, all may be missing.
function withSearch<const Path extends string, const Key extends string>(path: Path, keys: readonly Key[], load: Load) {
  return createRoute({
    getParentRoute: () => shell,
    path,
    component: lazyRouteComponent(load),
    validateSearch: (search: Record<string, unknown>) => {
      const out: { [key in Key]?: string } = {};
      for (const key of keys) if (search[key] !== undefined && search[key] !== '') out[key] = String(search[key]);
      return out;
    },
  });
}

const open = <const Path extends string, const Key extends string>(path: Path, keys: readonly Key[], load: Load) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load),
    validateSearch: (search: Record<string, unknown>) => {
      const out: { [key in Key]?: string } = {};
      for (const key of keys) if (search[key] !== undefined) out[key] = String(search[key]);
      return out;
    },
  });

const tree = root.addChildren([
  open('/sign-in', ['next'], () => import('./pages/sign-in/SignIn')),
  open('/setup', ['word', 'for'], () => import('./pages/sign-in/Setup')),
  shell.addChildren([
    page('/', () => import('./pages/home/Home')),
    page('/start', () => import('./pages/start/Start')),
    page('/sources', () => import('./pages/sources/Sources')),
    page('/sources/new', () => import('./pages/sources/NewSource')),
    page('/sources/$uid', () => import('./pages/sources/Source')),
    page('/models', () => import('./pages/models/Models')),
    withSearch('/models/new', ['source', 'table'], () => import('./pages/models/NewModel')),
    withSearch('/models/$uid', ['tab'], () => import('./pages/models/Model')),
    page('/segments', () => import('./pages/segments/Segments')),
    withSearch('/segments/new', ['model', 'copy', 'template'], () => import('./pages/segments/NewSegment')),
    withSearch('/segments/$uid', ['tab', 'saved'], () => import('./pages/segments/Segment')),
    page('/destinations', () => import('./pages/destinations/Destinations')),
    page('/destinations/new', () => import('./pages/destinations/NewDestination')),
    withSearch('/destinations/$uid', ['tab', 'new'], () => import('./pages/destinations/Destination')),
    page('/activations', () => import('./pages/activations/Activations')),
    withSearch('/activations/new', ['segment', 'destination'], () => import('./pages/activations/NewActivation')),
    withSearch('/activations/$uid', ['tab', 'saved'], () => import('./pages/activations/Activation')),
    page('/activations/$uid/edit', () => import('./pages/activations/EditActivation')),
    withSearch('/runs', ['activation', 'status'], () => import('./pages/runs/Runs')),
    withSearch('/runs/$uid', ['kind'], () => import('./pages/runs/Run')),
    withSearch('/people', ['key'], () => import('./pages/people/People')),
    page('/alerts', () => import('./pages/alerts/Alerts')),
    page('/users', () => import('./pages/users/Users')),
    page('/tokens', () => import('./pages/tokens/Tokens')),
    page('/log', () => import('./pages/log/Log')),
    page('/settings', () => import('./pages/settings/Settings')),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: () => <Waiting />,
  defaultErrorComponent: ({ error }) => (
    <Stack p="md">
      <Problem error={error} />
    </Stack>
  ),
  defaultNotFoundComponent: () => <Empty title="There is nothing here">The address is wrong, or what was here is gone.</Empty>,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
