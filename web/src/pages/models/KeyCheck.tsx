import { Alert, Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { lookQuery } from '../../api/catalog';
import { Problem } from '../../components/Problem';
import { count, many } from '../../lib/words';

/** Whether a field tells all rows apart, with the numbers. `model`: unsaved, with its key. */
export function KeyCheck({ model, isPeople }: { model: Record<string, unknown>; isPeople: boolean }) {
  const look = useQuery(lookQuery(model, { key: true, limit: 1 }));
  if (look.isError) return <Problem error={look.error} title="The key could not be checked" />;
  const key = look.data?.key;
  if (look.isFetching && !key)
    return (
      <Text size="sm" c="dimmed" role="status">
        Looking at all rows <Loader size="xs" ml={6} aria-hidden />
      </Text>
    );
  if (!key) return null;
  if (key.rows === 0)
    return (
      <Alert color="yellow" variant="light" role="status" title="There are no rows yet">
        Is the table filled?
      </Alert>
    );
  if (key.verdict === 'unique')
    return (
      <Text size="sm" role="status" fw={600}>
        ✓ {many(key.rows, 'row')}: every {key.field} is there and different.
      </Text>
    );
  return (
    <Alert
      color={key.verdict === 'refused' ? 'red' : isPeople ? 'yellow' : 'gray'}
      variant="light"
      role="status"
     
      title={key.verdict === 'refused' ? 'This field does not tell people apart' : isPeople ? 'A few rows share this key' : 'Rows share this key, which is harmless here'}
    >
      <Text size="sm">
        Of {many(key.rows, 'row')}: {count(key.repeated)} {key.repeated === 1 ? 'repeats' : 'repeat'} another row’s {key.field}
        {key.examples.length > 0 && `, such as ${key.examples.map((one) => one.replaceAll('`', '')).join(', ')}`}; {count(key.nulls)} {key.nulls === 1 ? 'has' : 'have'} none.
      </Text>
      {isPeople && (
        <Text size="sm" fw={600} mt={4}>
          {key.verdict === 'refused' ? 'More than 5 % cannot be told apart, so it cannot be saved. Choose another field, or tidy the rows by a query of your own.' : 'Of people with the same key only one reaches a list.'}
        </Text>
      )}
    </Alert>
  );
}
