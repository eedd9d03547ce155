import { Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';

import { checkObject, makeObject, putObject, type Thing, useRenew } from '../api/catalog';
import type { Schemas, Tagged } from '../api/client';
import { asProblem } from '../api/problem';
import { Findings } from './Findings';

/**
 * A new source or destination, stored and tested at once. What is stored at the first try is changed at the next, until it
 * works; then its own page comes, with `search`.
 */
export function useConnect(kind: 'source' | 'destination', bodyOf: () => Record<string, unknown>, search?: Record<string, string>) {
  const navigate = useNavigate();
  const renew = useRenew();
  const stored = useRef<Tagged<Thing>>(undefined);
  const [found, setFound] = useState<Schemas['Findings']>();
  const open = (uid: string, at?: Record<string, string>) =>
    navigate({ to: `/${kind}s/$uid` as '/sources/$uid', params: { uid }, ...(at && { search: at as never }), ignoreBlocker: true });
  const connecting = useMutation({
    mutationFn: async () => {
      setFound(undefined);
      const body = bodyOf();
      const before = stored.current;
      stored.current = before ? await putObject(kind, before.value.uid, body, '*') : await makeObject(kind, body);
      await renew(kind);
      const told = await checkObject(kind, stored.current.value.uid);
      setFound(told);
      if (told.ok) await open(stored.current.value.uid, search);
    },
  });
  return {
    connect: () => connecting.mutate(),
    isConnecting: connecting.isPending,
    isWell: found?.ok === true,
    isStored: stored.current !== undefined,
    failed: found && !found.ok ? found : undefined,
    problem: connecting.isError ? asProblem(connecting.error) : undefined,
    openStored: () => stored.current && void open(stored.current.value.uid),
  };
}
type Connecting = ReturnType<typeof useConnect>;

/** What the test found, and how it goes on from there. */
export function ConnectFoot({ kind, name, connecting }: { kind: string; name: string; connecting: Connecting }) {
  const { failed } = connecting;
  return (
    <>
      {failed && (
        <>
          <Findings found={failed} about={name} />
          <Text size="sm">The {kind} is kept under this name, and can be corrected here and now or later.</Text>
        </>
      )}
      <Group justify="flex-end">
        {failed && (
          <Button variant="default" onClick={connecting.openStored}>
            Correct it later
          </Button>
        )}
        <Button type="submit" loading={connecting.isConnecting}>
          {failed ? 'Try again' : 'Connect and test'}
        </Button>
      </Group>
    </>
  );
}
