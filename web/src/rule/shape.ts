// Models as a rule sees them: relations at once, fields of those that the rule reaches.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { metaQuery, modelFieldsQuery, modelsQuery } from '../api/queries';
import type { Problem } from '../api/problem';
import { childrenOf } from './tree';
import type { FieldType, Group, ModelShape, Node, Operators, Relation, Shape } from './types';
import { otherOf } from './words';

// The models that the rule leads to, and one step from its own, which templates are made of.
function reached(shape: Shape, model: string, root: Group): Set<string> {
  const out = new Set<string>([model]);
  for (const relation of shape.get(model)?.relations ?? []) if (relation.kind === 'has_many') out.add(relation.model);
  const walk = (node: Node, at: ModelShape | undefined) => {
    const below = node.kind === 'related' ? otherOf(shape, at, node.relation) : at;
    if (below) out.add(below.name);
    for (const child of childrenOf(node)) walk(child, below);
  };
  walk(root, shape.get(model));
  return out;
}

export interface Loaded {
  shape: Shape;
  operators: Operators | undefined;
  problem: Problem | null;
}

export function useShape(model: string, root: Group): Loaded {
  const models = useQuery(modelsQuery);
  const meta = useQuery(metaQuery);
  const bare = useMemo(() => {
    const out = new Map<string, ModelShape>();
    for (const one of models.data ?? []) {
      const told = one as typeof one & { tz?: string; relations?: Relation[]; primary_key?: string };
      out.set(one.name, {
        uid: one.uid,
        name: one.name,
        tz: told.tz ?? 'UTC',
        primaryKey: told.primary_key ?? '',
        relations: told.relations ?? [],
        fields: undefined,
      });
    }
    return out;
  }, [models.data]);
  const wanted = [...reached(bare, model, root)].map((name) => bare.get(name)).filter((one): one is ModelShape => one !== undefined);
  const { shape, problem } = useQueries({
    queries: wanted.map((one) => ({ ...modelFieldsQuery(one.uid), staleTime: 600_000 })),
    combine: (answers) => {
      const out = new Map(bare);
      answers.forEach((answer, i) => {
        const one = wanted[i];
        if (one && answer.data)
          out.set(one.name, {
            ...one,
            fields: answer.data.items.map((field) => ({ name: field.name, label: field.label, type: field.type as FieldType })),
          });
      });
      return { shape: out as Shape, problem: answers.find((answer) => answer.isError)?.error ?? null };
    },
  });
  return { shape, operators: meta.data?.operators as Operators | undefined, problem: models.error ?? meta.error ?? problem };
}
