import { Alert, List, Text } from '@mantine/core';

import { asProblem } from '../api/problem';

// What went wrong, where, and what to do about it.
export function Problem({ error, title }: { error: unknown; title?: string }) {
  const problem = asProblem(error);
  return (
    <Alert color="red" variant="light" role="alert" title={title ?? problem.title}>
      {problem.detail && <Text size="sm">{problem.detail}</Text>}
      {problem.context.length > 0 && (
        <Text size="sm" c="dimmed">
          {problem.context.join(' · ')}
        </Text>
      )}
      {problem.errors.length > 0 && (
        <List size="sm">
          {problem.errors.map((one) => (
            <List.Item key={one.pointer + one.code}>
              {one.pointer && <b>{one.pointer.slice(1).replaceAll('/', ' › ')}: </b>}
              {one.detail}
            </List.Item>
          ))}
        </List>
      )}
      {problem.remedy && (
        <Text size="sm" fw={600} mt={4}>
          {problem.remedy}
        </Text>
      )}
    </Alert>
  );
}
