import { expect, test } from 'vitest';
import { changeOfRole, may, ROLES, titleOfRole } from './roles';

test('each role may do what those before it may', () => {
  for (const [i, has] of ROLES.entries())
    for (const [j, needs] of ROLES.entries()) expect(may(has.role, needs.role)).toBe(i >= j);
  expect(may(undefined, 'viewer')).toBe(false);
});

test('another role is told by its consequence', () => {
  expect(changeOfRole('Ben', 'viewer', 'editor')).toContain('may do more');
  expect(changeOfRole('Ben', 'admin', 'operator')).toContain('may do less');
  expect(titleOfRole('operator')).toBe('Operator');
});
