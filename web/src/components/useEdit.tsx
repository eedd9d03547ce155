import { Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { objectQuery, putObject, type Thing, useRenew } from '../api/catalog';
import type { Tagged } from '../api/client';
import { asProblem } from '../api/problem';
import { compare, together } from '../lib/conflict';
import { list } from '../lib/words';
import type { ObjectKind } from '../lib/uses';
import { Problem } from './Problem';

type Body = Record<string, unknown>;
interface Clash {
  base: Thing;
  mine: Body;
  theirs: Tagged<Thing>;
  done: (saved: Tagged<Thing> | undefined) => void;
}

export interface Edit {
  /** Resolves with what is stored, with nothing where the other's version was taken; rejects with a problem. */
  save: (base: Tagged<Thing>, mine: Body) => Promise<Tagged<Thing> | undefined>;
  /** The choice, where two people changed one object. Has to stand somewhere on the page. */
  choice: ReactNode;
}

const word = (key: string) => key.replaceAll('_', ' ');

function Choice({ kind, clash, put, close }: { kind: ObjectKind; clash: Clash; put: (body: Body, base: Tagged<Thing>) => Promise<Tagged<Thing>>; close: () => void }) {
  const { base, mine, theirs } = clash;
  const { mine: here, theirs: there, both } = compare(base, mine, theirs.value);
  const keep = useMutation({
    mutationFn: () => put(together(base, mine, theirs.value), theirs),
    onSuccess: (saved) => {
      close();
      clash.done(saved);
    },
  });
  const takeTheirs = () => {
    close();
    clash.done(undefined);
  };
  return (
    <Modal opened onClose={takeTheirs} withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false} title={`Somebody else changed this ${kind} meanwhile`} centered size="lg">
      <Stack>
        <Text>Nothing is saved yet, and nothing is lost. Choose what holds.</Text>
        <List>
          {here.length > 0 && <List.Item>You changed {list(here.map(word))}.</List.Item>}
          {there.length > 0 && <List.Item>Somebody else changed {list(there.map(word))}.</List.Item>}
          {both.length > 0 && (
            <List.Item>
              <b>Both of you changed {list(both.map(word))}, to different values.</b>
            </List.Item>
          )}
        </List>
        {keep.isError && <Problem error={keep.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={takeTheirs}>
            Drop my changes
          </Button>
          <Button loading={keep.isPending} onClick={() => keep.mutate()} data-autofocus>
            {both.length > 0 ? `Keep both, mine for ${list(both.map(word))}` : 'Keep both'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Writes an object that was read; when somebody else wrote it since, asks what holds. */
export function useEdit(kind: ObjectKind, uid: string): Edit {
  const client = useQueryClient();
  const renew = useRenew();
  const [clash, setClash] = useState<Clash>();
  const read = () => client.fetchQuery({ ...objectQuery(kind, uid), staleTime: 0 });
  const put = async (body: Body, base: Tagged<Thing>): Promise<Tagged<Thing>> => {
    const saved = await putObject(kind, uid, body, base.etag);
    client.setQueryData(objectQuery(kind, uid).queryKey, saved);
    await renew(kind);
    return saved;
  };
  const save: Edit['save'] = async (base, mine) => {
    try {
      return await put(mine, base);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status !== 412 && problem.code !== 'object_changed') throw problem;
      const theirs = await read();
      return new Promise((done) => setClash({ base: base.value, mine, theirs, done }));
    }
  };
  return { save, choice: clash && <Choice kind={kind} clash={clash} put={put} close={() => setClash(undefined)} /> };
}
