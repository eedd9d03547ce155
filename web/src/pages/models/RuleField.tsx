import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';

import { segmentsQuery, useMay } from '../../api/queries';
import { Waiting } from '../../components/Loading';
import { Problem } from '../../components/Problem';
import { RuleCards } from '../../rule/cards';
import { type Flaw, flawsOf } from '../../rule/checks';
import { begin, edited } from '../../rule/draft';
import { useShape } from '../../rule/shape';
import { type Tools, ToolsProvider } from '../../rule/tools';
import { groupOf, ruleOf } from '../../rule/tree';
import type { Rule } from '../../rule/types';

/** Conditions on the rows of a model, built as those of a segment are. `isWhole`: nothing in it is unfinished. */
export function RuleField({ model, rule, label, onChange }: { model: string; rule: Rule | undefined; label: string; onChange: (rule: Rule, isWhole: boolean) => void }) {
  const [editing, change] = useReducer(edited, undefined, () => begin({ name: '', description: '', tags: [], model, root: groupOf(rule) }));
  const root = editing.present.root;
  const { shape, operators, problem } = useShape(model, root);
  const segments = useQuery(segmentsQuery).data;
  const seesValues = useMay('operator');
  const wanted = useRef<string>(undefined);
  useEffect(() => {
    const element = wanted.current === undefined ? null : document.getElementById(wanted.current);
    wanted.current = undefined;
    element?.focus();
  });
  const focus = useCallback((id: string) => {
    wanted.current = id;
  }, []);
  const known = useMemo(
    () => operators && { shape, operators, segments: (segments ?? []).map((one) => ({ name: one.name, model: one.model })) },
    [shape, operators, segments],
  );
  const flaws = useMemo(() => (known ? flawsOf(known, model, root) : []), [known, model, root]);
  const flawsById = useMemo(() => {
    const out = new Map<string, Flaw[]>();
    for (const one of flaws) out.set(one.id, [...(out.get(one.id) ?? []), one]);
    return out;
  }, [flaws]);
  const isWhole = flaws.length === 0;
  const tell = useRef(onChange);
  tell.current = onChange;
  useEffect(() => tell.current(ruleOf(root), isWhole), [root, isWhole]);

  if (problem && !operators) return <Problem error={problem} />;
  if (!known) return <Waiting lines={2} />;
  const tools: Tools = {
    known,
    speaker: known,
    change,
    flaws: flawsById,
    refused: undefined,
    counts: new Map(),
    readOnly: false,
    seesValues,
    now: new Date(),
    focus,
    say: () => {},
  };
  return (
    <Stack gap={4} role="group" aria-label={label}>
      <Text size="sm" fw={500}>
        {label}
      </Text>
      <ToolsProvider value={tools}>
        <RuleCards root={root} model={shape.get(model)} />
      </ToolsProvider>
    </Stack>
  );
}
