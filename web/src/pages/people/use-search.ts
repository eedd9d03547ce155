import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { api, take } from '../../api/client';
import { asProblem, type Problem } from '../../api/problem';
import {
  activationsQuery,
  destinationsQuery,
  modelFieldsQuery,
  modelsQuery,
  segmentsQuery,
} from '../../api/queries';
import { pool } from '../../lib/pool';
import type { Why } from '../../lib/story';
import { type Asked, type Group, groupsOf, keyIn, peopleIn, ruleFor } from './search';

export interface Told {
  asked: Asked;
  key: string;
  why?: Why;
  problem?: Problem;
}

export interface Search {
  done: boolean;
  activations: number; // how many there are to ask
  told: Told[];
  rows: { model: string; primaryKey: string; row: Record<string, unknown> }[];
  problems: { model: string; problem: Problem }[];
  notAsked: Asked[]; // whose keys what was typed cannot be
  problem?: Problem;
}

const none: Search = { done: false, activations: 0, told: [], rows: [], problems: [], notAsked: [] };

// Few at once: each asks the company's data.
const AT_ONCE = 3;

async function patient<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || tries === 5 || asProblem(error).code !== 'queries_full') throw error;
      await new Promise((go) => setTimeout(go, 1000));
    }
  }
}

// Looks for somebody in the data of every model, then asks each activation for their story. It is told as it comes.
export function useSearch(typed: string): Search {
  const client = useQueryClient();
  const [search, setSearch] = useState<Search>(none);

  useEffect(() => {
    setSearch(none);
    if (typed === '') return;
    const stop = new AbortController();
    const { signal } = stop;
    const add = (change: (was: Search) => Partial<Search>) => {
      if (!signal.aborted) setSearch((was) => ({ ...was, ...change(was) }));
    };

    async function keysOf(group: Group, uid: string, primaryKey: string): Promise<(one: Asked) => string[]> {
      const { items: fields } = await client.fetchQuery({ ...modelFieldsQuery(uid), retry: false });
      const keys = [primaryKey, ...group.activations.map((one) => one.keyField)].filter((one) => one !== '');
      const where = ruleFor(typed, fields, keys);
      if (!where) return () => [];
      const found = await patient(signal, () =>
        take(
          api.POST('/api/v1/segments/preview', {
            params: { query: { limit: 20 } },
            body: { model: group.model, where },
            signal,
          }),
        ),
      );
      const rows = peopleIn(found.rows, primaryKey);
      add((was) => ({ rows: [...was.rows, ...rows.map((row) => ({ model: group.model, primaryKey, row }))] }));
      return (one) => [...new Set(rows.flatMap((row) => keyIn(row, one.keyField) ?? []))].slice(0, 3);
    }

    async function ask(asked: Asked, key: string) {
      try {
        const why = await patient(signal, () =>
          take(
            api.GET('/api/v1/activations/{uid}/why', { params: { path: { uid: asked.uid }, query: { key } }, signal }),
          ),
        );
        add((was) => ({ told: [...was.told, { asked, key, why }] }));
      } catch (error) {
        add((was) => ({ told: [...was.told, { asked, key, problem: asProblem(error) }] }));
      }
    }

    async function all() {
      const [activations, segments, destinations, models] = await Promise.all([
        client.fetchQuery(activationsQuery),
        client.fetchQuery(segmentsQuery),
        client.fetchQuery(destinationsQuery),
        client.fetchQuery(modelsQuery),
      ]);
      const groups = groupsOf(activations, segments, destinations);
      add(() => ({ activations: groups.reduce((sum, one) => sum + one.activations.length, 0) }));
      for (const group of groups) {
        const model = models.find((one) => one.name === group.model);
        let keys: (one: Asked) => string[] = () => [];
        try {
          if (model) keys = await keysOf(group, model.uid, model.primary_key ?? '');
        } catch (error) {
          add((was) => ({ problems: [...was.problems, { model: group.model, problem: asProblem(error) }] }));
        }
        // Who is not in the data may be in the ledger all the same.
        const may = (one: Asked) => one.keyType !== 'email' || typed.includes('@');
        const asks = group.activations.flatMap((asked) => {
          const found = keys(asked);
          return (found.length > 0 ? found : may(asked) ? [typed] : []).map((key) => ({ asked, key }));
        });
        const left = group.activations.filter((one) => !asks.some((ask) => ask.asked === one));
        add((was) => ({ notAsked: [...was.notAsked, ...left] }));
        await pool(asks, AT_ONCE, signal, (one) => ask(one.asked, one.key));
      }
    }

    all().then(
      () => add(() => ({ done: true })),
      (error) => add(() => ({ done: true, problem: asProblem(error) })),
    );
    return () => stop.abort();
  }, [typed, client]);

  return search;
}
