// The navigation, in the order of the work: what goes on, from data to lists, who may.
export const subjects: { label: string; admin?: boolean; items: { to: string; label: string }[] }[] = [
  {
    label: '',
    items: [
      { to: '/', label: 'Home' },
      { to: '/segments', label: 'Segments' },
      { to: '/activations', label: 'Activations' },
      { to: '/runs', label: 'Runs' },
      { to: '/people', label: 'People' },
    ],
  },
  {
    label: 'Connections',
    items: [
      { to: '/destinations', label: 'Destinations' },
      { to: '/sources', label: 'Sources' },
      { to: '/models', label: 'Models' },
    ],
  },
  {
    label: 'Administration',
    admin: true,
    items: [
      { to: '/alerts', label: 'Alerts' },
      { to: '/users', label: 'Users' },
      { to: '/tokens', label: 'Tokens' },
      { to: '/log', label: 'Log' },
    ],
  },
];
