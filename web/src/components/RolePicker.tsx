import { Radio, Stack } from '@mantine/core';

import type { Schemas } from '../api/client';
import { ROLES } from '../lib/roles';

// A role, each with what it may do.
export function RolePicker({ value, onChange }: { value: Schemas['Role']; onChange: (role: Schemas['Role']) => void }) {
  return (
    <Radio.Group label="Role" description="Each may do what those above it may" value={value} onChange={(role) => onChange(role as Schemas['Role'])}>
      <Stack gap="xs" mt="xs">
        {ROLES.map((one) => (
          <Radio key={one.role} value={one.role} label={one.title} description={one.may} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
