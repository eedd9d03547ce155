import { Paper } from '@mantine/core';
import type { ReactNode } from 'react';

/** A form on a sheet of its own. */
export function FormPaper({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <Paper
      component="form"
      noValidate
      withBorder
      p={{ base: 'md', sm: 'xl' }}
      maw={680}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </Paper>
  );
}
