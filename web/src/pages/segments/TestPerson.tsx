// One person against the rule: in or out, and which condition decides it.
import { Alert, Button, Group, List, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { useMay } from '../../api/queries';
import { countUnsaved, previewUnsaved } from '../../api/segments';
import type { Unsaved } from '../../api/segments';
import { Problem } from '../../components/Problem';
import { ignoresCase, isNumber, scalarOf } from '../../rule/operators';
import { asked, onlyPerson, questionOf, verdictOf } from '../../rule/person';
import type { Verdict } from '../../rule/person';
import { useTools } from '../../rule/tools';
import type { Group as GroupNode, ModelShape, Rule, Scalar } from '../../rule/types';
import { nodeWords } from '../../rule/words';
import { cellText } from './cells';

const AT_ONCE = 2;

interface Tested {
  key: string;
  row: Record<string, unknown>;
  matches: boolean;
  verdict: Verdict;
}
type Found = { people: Record<string, unknown>[] } | Tested;

async function test(segment: Unsaved, root: GroupNode, model: ModelShape, row: Record<string, unknown>): Promise<Tested> {
  const person = onlyPerson(model, row[model.primaryKey] as Scalar);
  const holdsFor = async (where: Rule) => (await countUnsaved({ model: model.name, where })).members > 0;
  const open = asked(root);
  const holds = new Map<string, boolean>();
  const matches = holdsFor({ all: [person, segment.where] });
  const work = async () => {
    for (let node = open.shift(); node; node = open.shift()) holds.set(node.id, await holdsFor(questionOf(person, node)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { key: cellText(row[model.primaryKey]), row, matches: await matches, verdict: verdictOf(root, holds) };
}

function Verdicts({ verdicts, model, row }: { verdicts: Verdict[]; model: ModelShape; row: Record<string, unknown> }) {
  const { speaker } = useTools();
  return (
    <List listStyleType="none" spacing={6} withPadding={false}>
      {verdicts.map((one) => {
        const has = one.node.kind === 'field' && one.node.field in row ? cellText(row[one.node.field]) : undefined;
        return (
          <List.Item key={one.node.id}>
            <Text size="sm" component="div" data-holds={one.holds}>
              <Text span fw={700} c={one.holds ? 'green' : 'red'} aria-hidden="true" style={{ color: 'inherit' }}>
                {one.holds ? '✓ ' : '✗ '}
              </Text>
              <b>{one.holds ? 'Holds: ' : 'Fails: '}</b>
              <bdi>
                {one.node.kind === 'group'
                  ? { all: 'all of these', any: 'any of these', none: 'none of these' }[one.node.word]
                  : nodeWords(speaker, model, one.node)}
              </bdi>
              {has !== undefined && (
                <Text span c="dimmed">
                  {' '}
                  (theirs: <bdi>{has}</bdi>)
                </Text>
              )}
            </Text>
            {one.parts.length > 0 && (
              <div style={{ paddingInlineStart: 24 }}>
                <Verdicts verdicts={one.parts} model={model} row={row} />
              </div>
            )}
          </List.Item>
        );
      })}
    </List>
  );
}

export function TestPerson({ segment, root, model }: { segment: Unsaved; root: GroupNode; model: ModelShape }) {
  const { known } = useTools();
  const may = useMay('operator');
  const keys = (model.fields ?? []).filter((one) => known.operators.by_type[one.type]?.includes('eq'));
  const email = keys.find((one) => one.type === 'text' && /mail/i.test(one.name));
  const [by, setBy] = useState(email?.name ?? model.primaryKey);
  const [text, setText] = useState('');
  const field = keys.find((one) => one.name === by);

  const finding = useMutation({
    mutationFn: async (row?: Record<string, unknown>): Promise<Found> => {
      if (row) return test(segment, root, model, row);
      if (!field) throw new Error('no field');
      const value = scalarOf(field.type, text.trim());
      if (value === undefined) return { people: [] };
      const where: Rule = {
        field: by,
        op: 'eq',
        value,
        ...(ignoresCase(known.operators, 'eq', field.type) && { ignore_case: true }),
      };
      const { rows } = await previewUnsaved({ model: model.name, where }, 10);
      return rows.length === 1 && rows[0] ? test(segment, root, model, rows[0]) : { people: rows };
    },
  });
  if (!may) return <Text c="dimmed">Looking at one person needs the role operator.</Text>;
  const found = finding.data;
  return (
    <Stack>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          finding.mutate(undefined);
        }}
      >
        <Group align="flex-end" gap="sm">
          <Select
            label="Whose"
            data={keys.map((one) => ({ value: one.name, label: one.label || one.name }))}
            value={by}
            searchable
            allowDeselect={false}
            w={220}
            onChange={(name) => name && setBy(name)}
          />
          <TextInput
            label="is"
            value={text}
            inputMode={field && isNumber(field.type) ? 'decimal' : undefined}
            w={280}
            maw="100%"
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" loading={finding.isPending} disabled={text.trim() === ''}>
            Test
          </Button>
        </Group>
      </form>
      <div aria-live="polite">
        {finding.isError && <Problem error={finding.error} />}
        {found && 'people' in found && found.people.length === 0 && (
          <Text>
            Nobody in <bdi>{model.name}</bdi> has this {field?.label || by}.
          </Text>
        )}
        {found && 'people' in found && found.people.length > 0 && (
          <Stack gap="xs">
            <Text>
              {found.people.length === 10 ? 'Ten people and perhaps more' : `${found.people.length} people`} have this. Whom do you mean?
            </Text>
            {found.people.map((row) => (
              <Button key={cellText(row[model.primaryKey])} variant="default" onClick={() => finding.mutate(row)} w="fit-content">
                {cellText(row[model.primaryKey])}
              </Button>
            ))}
          </Stack>
        )}
        {found && 'verdict' in found && (
          <Stack gap="sm">
            <Alert
              variant="light"
              color={found.matches ? 'green' : 'gray'}
              title={
                <>
                  <bdi>{found.key}</bdi> {found.matches ? 'is in the segment' : 'is not in the segment'}
                </>
              }
            >
              {root.rules.length > 1 && `It takes ${{ all: 'all', any: 'any one', none: 'none' }[root.word]} of the conditions below.`}
              {root.rules.length === 0 && 'The rule has no condition.'}
            </Alert>
            <Verdicts verdicts={found.verdict.parts} model={model} row={found.row} />
            {found.matches !== found.verdict.holds && (
              <Text size="sm" c="dimmed">
                The data changed while the conditions were asked one by one. Test again.
              </Text>
            )}
          </Stack>
        )}
      </div>
    </Stack>
  );
}
