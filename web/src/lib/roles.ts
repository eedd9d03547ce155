// Who may do what, as src/access has it: each role may do what those before it may.

export type Role = 'viewer' | 'operator' | 'editor' | 'admin';

export const ROLES: readonly { role: Role; title: string; may: string }[] = [
  { role: 'viewer', title: 'Viewer', may: 'Sees objects, numbers and runs, but no person.' },
  { role: 'operator', title: 'Operator', may: 'Also starts, stops, approves and pauses runs, and sees people.' },
  { role: 'editor', title: 'Editor', may: 'Also changes sources, models, segments, destinations and activations.' },
  { role: 'admin', title: 'Admin', may: 'Also manages users, tokens and alerts, and reads the log.' },
];

export function may(has: Role | undefined, needs: Role): boolean {
  const rank = (role: Role) => ROLES.findIndex((one) => one.role === role);
  return has !== undefined && rank(has) >= rank(needs);
}

export const titleOfRole = (role: Role): string => ROLES.find((one) => one.role === role)?.title ?? role;

// What somebody loses or gains by another role, for a confirmation.
export function changeOfRole(name: string, from: Role, to: Role): string {
  const then = ROLES.find((one) => one.role === to);
  const direction = may(from, to) ? 'may do less from now on' : 'may do more from now on';
  return `${name} ${direction}. ${then?.title}: ${then?.may} They are signed out, and sign in again.`;
}
