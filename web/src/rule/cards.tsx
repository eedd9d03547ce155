// The cards of a rule: a condition on a field, on related rows, on another segment, and groups of them.
import {
  ActionIcon,
  Badge,
  Box,
  Button,
  Checkbox,
  Group,
  Menu,
  NativeSelect,
  Paper,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from '@mantine/core';
import type { ReactNode } from 'react';

import { Count } from './Count';
import classes from './cards.module.css';
import { parentOf } from './draft';
import { FieldPicker, OperatorPicker, ValueInput } from './inputs';
import {
  AGGREGATE_PHRASES,
  aggregates,
  comparedType,
  ignoresCase,
  isTime,
  operatorsOf,
  usualOperator,
  valueFor,
} from './operators';
import { copyOf, count as countOf, fieldTest, group, relatedTest, segmentTest } from './tree';
import { useTools } from './tools';
import type {
  Aggregate,
  FieldTest,
  FieldType,
  Group as GroupNode,
  ModelField,
  ModelShape,
  Node,
  RelatedTest,
  SegmentTest,
  Word,
} from './types';
import { windowWords } from './window';
import { nodeWords, otherOf, typeOf } from './words';

// Ids of elements that the keyboard is sent to.
export const inputOf = (id: string) => `rule-${id}`;
const addOf = (id: string) => `add-${id}`;
const moveOf = (id: string, way: 'up' | 'down') => `${way}-${id}`;

const WORDS: { value: Word; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'any', label: 'Any' },
  { value: 'none', label: 'None' },
];
const JOINED: { [word in Word]: string } = { all: 'and', any: 'or', none: 'nor' };

interface Place {
  model: ModelShape | undefined;
  parent: GroupNode;
  root: GroupNode;
}

function Arrow({ down = false }: { down?: boolean }) {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
      {down ? <path d="M8 3v10M4 9l4 4 4-4" /> : <path d="M8 13V3M4 7l4-4 4 4" />}
    </svg>
  );
}
const Dots = () => (
  <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
    <circle cx="3" cy="8" r="1.5" />
    <circle cx="8" cy="8" r="1.5" />
    <circle cx="13" cy="8" r="1.5" />
  </svg>
);
const Cross = () => (
  <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
    <path d="M3 3l10 10M13 3L3 13" />
  </svg>
);

// What can be done with every card, by mouse and by keys alike.
function CardActions({ node, place, name, moves }: { node: Node; place: Place; name: string; moves: boolean }) {
  const { change, focus, say, readOnly } = useTools();
  const { parent, root } = place;
  if (readOnly) return null;
  const index = parent.rules.findIndex((one) => one.id === node.id);
  const last = parent.rules.length - 1;
  const outer = parentOf(root, parent.id);
  const move = (by: -1 | 1) => {
    change({ type: 'move', id: node.id, by });
    const to = index + by;
    const way = (by < 0 && to === 0) || (by > 0 && to < last) ? 'down' : 'up';
    focus(moveOf(node.id, by < 0 && to > 0 ? 'up' : by > 0 && to < last ? 'down' : way));
    say(`Moved to place ${to + 1} of ${last + 1}`);
  };
  const remove = () => {
    const next = parent.rules[index + 1] ?? parent.rules[index - 1];
    change({ type: 'remove', id: node.id });
    focus(next ? inputOf(next.id) : addOf(parent.id));
    say('Removed. Undo brings it back');
  };
  return (
    <Group gap={2} wrap="nowrap">
      {moves && (
        <>
          <ActionIcon
            id={moveOf(node.id, 'up')}
            variant="subtle"
            color="gray"
            aria-label={`Move up: ${name}`}
            disabled={index === 0}
            onClick={() => move(-1)}
          >
            <Arrow />
          </ActionIcon>
          <ActionIcon
            id={moveOf(node.id, 'down')}
            variant="subtle"
            color="gray"
            aria-label={`Move down: ${name}`}
            disabled={index === last}
            onClick={() => move(1)}
          >
            <Arrow down />
          </ActionIcon>
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={`More: ${name}`}>
                <Dots />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => change({ type: 'copy', id: node.id })}>Duplicate</Menu.Item>
              {WORDS.map((one) => (
                <Menu.Item key={one.value} onClick={() => change({ type: 'wrap', id: node.id, word: one.value })}>
                  Put into a group: {one.label.toLowerCase()} of
                </Menu.Item>
              ))}
              {outer && <Menu.Item onClick={() => change({ type: 'move_out', id: node.id })}>Move out of this group</Menu.Item>}
              {node.kind === 'group' && (
                <Menu.Item onClick={() => change({ type: 'unwrap', id: node.id })}>Remove the group, keep its conditions</Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        </>
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove: ${name}`} onClick={remove}>
        <Cross />
      </ActionIcon>
    </Group>
  );
}

function Frame({
  node,
  place,
  name,
  top,
  moves = true,
  children,
}: {
  node: Node;
  place: Place;
  name: string;
  top: boolean;
  moves?: boolean;
  children: ReactNode;
}) {
  const { refused, counts } = useTools();
  return (
    <Paper
      withBorder
      p="sm"
      role="group"
      aria-label={name}
      className={node.kind === 'group' ? classes.group : classes.card}
      data-kind={node.kind}
    >
      <div className={classes.head}>
        <CardActions node={node} place={place} name={name} moves={moves} />
        {top && <Count state={counts.get(node.id)} of="match" />}
      </div>
      {children}
      {refused?.id === node.id && (
        <Text size="sm" c="red" mt={4} role="alert">
          {refused.text}
        </Text>
      )}
    </Paper>
  );
}

function useFlaw(id: string) {
  const { flaws } = useTools();
  // What is only not filled in yet is no error; the panel says that something is missing.
  const told = (flaws.get(id) ?? []).filter((one) => !one.unfinished);
  return (part: string) => told.find((one) => one.part === part)?.text;
}

// The bounds of a window in plain dates, under the input.
function Bounds({ test, type, model }: { test: Pick<FieldTest, 'op' | 'value'>; type: FieldType; model: ModelShape | undefined }) {
  const { now } = useTools();
  const words = windowWords(test, type, model?.tz ?? 'UTC', now);
  return words === '' ? null : (
    <Text size="xs" c="dimmed" mt={4} data-testid="bounds">
      {words}
    </Text>
  );
}

function IgnoreCase({ checked, onChange }: { checked: boolean; onChange: (checked: boolean) => void }) {
  const { readOnly } = useTools();
  return (
    <Checkbox
      size="xs"
      label="Capitals do not matter"
      checked={checked}
      disabled={readOnly}
      mt={10}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

function FieldInputs({ test, model }: { test: FieldTest; model: ModelShape | undefined }) {
  const { change, known } = useTools();
  const flaw = useFlaw(test.id);
  const type = typeOf(model, test.field) ?? 'text';
  const put = (next: Partial<FieldTest>, typing?: string) =>
    change({ type: 'replace', node: { ...test, ...next }, ...(typing && { typing }) });

  const setField = (field: ModelField) => {
    const ops = operatorsOf(known.operators, field.type);
    const op = test.field !== '' && ops.includes(test.op) ? test.op : usualOperator(known.operators, field.type);
    const value = valueFor(known.operators, op, field.type, test.value);
    put({ field: field.name, op, value, ignoreCase: test.ignoreCase && ignoresCase(known.operators, op, field.type) });
  };
  const setOp = (op: string) => {
    const value = valueFor(known.operators, op, type, test.value);
    put({ op, value, ignoreCase: test.ignoreCase && ignoresCase(known.operators, op, type) });
  };
  return (
    <>
      <Group gap={8} align="flex-start">
        <FieldPicker id={inputOf(test.id)} label="Field" model={model} value={test.field} error={flaw('field')} onChange={setField} />
        {test.field !== '' && (
          <>
            <OperatorPicker
              label="Comparison"
              type={type}
              value={test.op}
              error={flaw('op')}
              ignoreCase={test.ignoreCase}
              onChange={setOp}
            />
            <ValueInput
              label={`Value for ${test.field}`}
              model={model}
              field={test.field}
              type={type}
              op={test.op}
              value={test.value}
              error={flaw('value')}
              ignoreCase={test.ignoreCase}
              onChange={(value) => put({ value }, `${test.id} value`)}
            />
            {(ignoresCase(known.operators, test.op, type) || test.ignoreCase) && (
              <IgnoreCase checked={test.ignoreCase} onChange={(ignoreCase) => put({ ignoreCase })} />
            )}
          </>
        )}
      </Group>
      <Bounds test={test} type={type} model={model} />
    </>
  );
}

function FieldCard({ node, place, top }: { node: FieldTest; place: Place; top: boolean }) {
  const { speaker } = useTools();
  return (
    <Frame node={node} place={place} top={top} name={nodeWords(speaker, place.model, node)}>
      <FieldInputs test={node} model={place.model} />
    </Frame>
  );
}

function SegmentCard({ node, place, top }: { node: SegmentTest; place: Place; top: boolean }) {
  const { change, known, speaker, readOnly } = useTools();
  const flaw = useFlaw(node.id);
  const names = known.segments.filter((one) => one.model === place.model?.name && one.name !== known.self).map((one) => one.name);
  if (node.segment !== '' && !names.includes(node.segment)) names.push(node.segment);
  return (
    <Frame node={node} place={place} top={top} name={nodeWords(speaker, place.model, node)}>
      <Group gap={8} align="flex-start">
        <NativeSelect
          classNames={{ input: classes.fitting }}
          aria-label="In the segment or not"
          data={[
            { value: 'in', label: 'is in the segment' },
            { value: 'out', label: 'is not in the segment' },
          ]}
          value={node.member ? 'in' : 'out'}
          disabled={readOnly}
          onChange={(event) => change({ type: 'replace', node: { ...node, member: event.currentTarget.value === 'in' } })}
        />
        <Select
          id={inputOf(node.id)}
          aria-label="Segment"
          placeholder="Choose a segment"
          data={names}
          value={node.segment === '' ? null : node.segment}
          error={flaw('segment')}
          searchable
          allowDeselect={false}
          readOnly={readOnly}
          nothingFoundMessage="No segment of that name"
          w={280}
          maw="100%"
          onChange={(segment) => segment !== null && change({ type: 'replace', node: { ...node, segment } })}
        />
      </Group>
    </Frame>
  );
}

// The conditions of a related card that say when: those on a time, where all conditions must hold.
function whenOf(where: GroupNode, other: ModelShape | undefined): FieldTest[] {
  const together = where.word === 'all' || (where.word === 'any' && where.rules.length === 1);
  if (!together) return [];
  return where.rules.filter((one): one is FieldTest => one.kind === 'field' && isTime(typeOf(other, one.field) ?? 'text'));
}

function Row({ label, below = false, children }: { label: string; below?: boolean; children: ReactNode }) {
  return (
    <div className={below ? classes.rowBelow : classes.row}>
      <Text size="sm" fw={600} className={classes.rowLabel}>
        {label}
      </Text>
      <div className={classes.rowBody}>{children}</div>
    </div>
  );
}

function RelatedCard({ node, place, top }: { node: RelatedTest; place: Place; top: boolean }) {
  const { change, known, speaker, readOnly, focus } = useTools();
  const flaw = useFlaw(node.id);
  const { model, root } = place;
  const other = otherOf(known.shape, model, node.relation);
  const counts = node.aggregate === 'count' || node.aggregate === 'count_distinct';
  const type = comparedType(node, other?.fields);
  const when = whenOf(node.where, other);
  const times = other?.fields?.filter((one) => isTime(one.type)) ?? [];
  const put = (next: Partial<RelatedTest>, typing?: string) =>
    change({ type: 'replace', node: { ...node, ...next }, ...(typing && { typing }) });

  // What cannot be asked of the new type falls back to "at least".
  const compare = (next: Partial<RelatedTest>): Partial<RelatedTest> => {
    const to = { ...node, ...next };
    const toCounts = to.aggregate === 'count' || to.aggregate === 'count_distinct';
    const toType = comparedType(to, other?.fields);
    const ops = operatorsOf(known.operators, toType, toCounts);
    const op = ops.includes(to.op) ? to.op : ops.includes('gte') ? 'gte' : (ops[0] ?? to.op);
    // How many there are is no value of theirs, and the other way round.
    const value = valueFor(known.operators, op, toType, toCounts === counts ? to.value : undefined) ?? (toCounts && op === 'gte' ? 1 : undefined);
    return { ...next, op, value };
  };
  const setAggregate = (aggregate: Aggregate) => {
    const fits = other?.fields?.find((one) => one.name === node.field && aggregates(aggregate, one));
    put(compare({ aggregate, field: aggregate === 'count' ? '' : (fits?.name ?? '') }));
  };
  const setRelation = (relation: string) => {
    if (relation === node.relation) return;
    const same = otherOf(known.shape, model, relation)?.name === other?.name;
    if (same) put({ relation });
    else put({ ...relatedTest(relation), id: node.id, where: { ...node.where, rules: [], word: 'all', bare: true } });
  };
  const addWhen = () => {
    const [time] = times;
    if (!time) return;
    const test = fieldTest(time.name, 'within_last', { days: 30 });
    const whole = node.where.word === 'all' || node.where.rules.length === 0;
    if (whole) change({ type: 'add', to: node.where.id, node: test });
    else put({ where: { ...group('all', [copyOf({ ...node.where, bare: false }), test]), id: node.where.id } });
    focus(inputOf(test.id));
  };

  const relations = (model?.relations ?? []).map((one) => one.name);
  if (node.relation !== '' && !relations.includes(node.relation)) relations.push(node.relation);
  const below: Place = { model: other, parent: node.where, root };
  return (
    <Frame node={node} place={place} top={top} name={nodeWords(speaker, model, node)}>
      <div className={classes.rows}>
        <Row label="Related">
          <Group gap={8} align="flex-start">
            <NativeSelect
              id={inputOf(node.id)}
              classNames={{ input: classes.fitting }}
              aria-label="Related to"
              data={node.relation === '' ? [{ value: '', label: 'Choose' }, ...relations] : relations}
              value={node.relation}
              error={flaw('relation')}
              disabled={readOnly}
              onChange={(event) => setRelation(event.currentTarget.value)}
            />
          </Group>
        </Row>
        {node.relation !== '' && (
          <>
            <Row label="How many">
              <Group gap={8} align="flex-start">
                <NativeSelect
                  classNames={{ input: classes.fitting }}
                  aria-label="What is compared"
                  data={Object.entries(AGGREGATE_PHRASES).map(([value, label]) => ({ value, label }))}
                  value={node.aggregate}
                  disabled={readOnly}
                  onChange={(event) => setAggregate(event.currentTarget.value as Aggregate)}
                />
                {node.aggregate !== 'count' && (
                  <FieldPicker
                    id={`${inputOf(node.id)}-of`}
                    label={`Field of ${node.relation}`}
                    model={other}
                    value={node.field}
                    error={flaw('of')}
                    allowed={(field) => aggregates(node.aggregate, field)}
                    onChange={(field) => {
                      const next = { ...node, field: field.name };
                      const nextType = comparedType(next, other?.fields);
                      const ops = operatorsOf(known.operators, nextType, counts);
                      const op = ops.includes(node.op) ? node.op : usualOperator(known.operators, nextType);
                      put({ field: field.name, op, value: valueFor(known.operators, op, nextType, node.value) });
                    }}
                  />
                )}
                <OperatorPicker
                  label="Comparison"
                  type={type}
                  ofCount={counts}
                  value={node.op}
                  error={flaw('op')}
                  onChange={(op) => put({ op, value: valueFor(known.operators, op, type, node.value) })}
                />
                <ValueInput
                  label={counts ? `How many ${node.relation}` : `Value of ${node.relation}`}
                  model={other}
                  field={counts || isTime(type) || node.aggregate === 'sum' || node.aggregate === 'avg' ? '' : node.field}
                  type={type}
                  op={node.op}
                  value={node.value}
                  error={flaw('value')}
                  onChange={(value) => put({ value }, `${node.id} value`)}
                />
              </Group>
              {/* What they come to is asked of this row, in the zone of its model. */}
              {!counts && <Bounds test={node} type={type} model={model} />}
            </Row>
            <Row label="Which" below>
              <GroupBody node={node.where} place={below} hide={when} none={`Any ${node.relation}`} when={when} />
            </Row>
            {(times.length > 0 || when.length > 0) && (
              <Row label="When" below>
                <Stack gap="xs">
                  {when.map((one) => (
                    <Frame key={one.id} node={one} place={below} top={false} moves={false} name={nodeWords(speaker, other, one)}>
                      <FieldInputs test={one} model={other} />
                    </Frame>
                  ))}
                  {when.length === 0 && (
                    <Group gap="xs">
                      <Text size="sm" c="dimmed">
                        At any time
                      </Text>
                      {!readOnly && (
                        <Button size="compact-sm" variant="subtle" onClick={addWhen}>
                          Add when
                        </Button>
                      )}
                    </Group>
                  )}
                </Stack>
              </Row>
            )}
          </>
        )}
      </div>
    </Frame>
  );
}

function GroupCard({ node, place, top }: { node: GroupNode; place: Place; top: boolean }) {
  const { speaker } = useTools();
  return (
    <Frame node={node} place={place} top={top} name={`Group: ${nodeWords(speaker, place.model, node)}`}>
      <GroupBody node={node} place={{ ...place, parent: node }} none="Nothing in this group yet" nested />
    </Frame>
  );
}

function Card({ node, place, top }: { node: Node; place: Place; top: boolean }) {
  switch (node.kind) {
    case 'field':
      return <FieldCard node={node} place={place} top={top} />;
    case 'related':
      return <RelatedCard node={node} place={place} top={top} />;
    case 'segment':
      return <SegmentCard node={node} place={place} top={top} />;
    case 'group':
      return <GroupCard node={node} place={place} top={top} />;
  }
}

function AddMenu({ node, model }: { node: GroupNode; model: ModelShape | undefined }) {
  const { change, focus, known } = useTools();
  const add = (made: Node, target = inputOf(made.id)) => {
    change({ type: 'add', to: node.id, node: made });
    focus(target);
  };
  const relations = model?.relations ?? [];
  const segments = known.segments.some((one) => one.model === model?.name && one.name !== known.self);
  const of = (word: Word) => {
    const made = group(word);
    add(made, addOf(made.id));
  };
  return (
    <Group gap="xs">
      <Button id={addOf(node.id)} size="xs" variant="light" onClick={() => add(fieldTest('', 'eq'))}>
        Add condition
      </Button>
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <Button size="xs" variant="default">
            Add more…
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {relations.length > 0 && <Menu.Label>Related to {model?.name}</Menu.Label>}
          {relations.map((one) => (
            <Menu.Item key={one.name} onClick={() => add(relatedTest(one.name))}>
              {one.name}
            </Menu.Item>
          ))}
          {segments && (
            <>
              <Menu.Label>Another segment</Menu.Label>
              <Menu.Item onClick={() => add(segmentTest('', true))}>Is in a segment</Menu.Item>
              <Menu.Item onClick={() => add(segmentTest('', false))}>Is not in a segment</Menu.Item>
            </>
          )}
          <Menu.Label>A group of conditions</Menu.Label>
          <Menu.Item onClick={() => of('all')}>All of these hold</Menu.Item>
          <Menu.Item onClick={() => of('any')}>Any of these holds</Menu.Item>
          <Menu.Item onClick={() => of('none')}>None of these holds</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

// The conditions of a group with the word that joins them. `hide`: shown elsewhere; `when`: the
// conditions that go on holding together whatever the word of the others becomes.
export function GroupBody({
  node,
  place,
  none,
  hide = [],
  when = [],
  nested = false,
  top = false,
}: {
  node: GroupNode;
  place: Place;
  none: string;
  hide?: readonly Node[];
  when?: readonly Node[];
  nested?: boolean;
  top?: boolean;
}) {
  const { change, readOnly } = useTools();
  const shown = node.rules.filter((one) => !hide.includes(one));
  const setWord = (word: Word) => {
    if (when.length === 0 || word === 'all') return change({ type: 'word', id: node.id, word });
    change({ type: 'replace', node: { ...node, bare: false, word: 'all', rules: [group(word, shown), ...when] } });
  };
  const tells = nested || shown.length > 1 || node.word === 'none';
  return (
    <div className={classes.body}>
      {tells && (
        <Group gap="xs" align="center">
          <SegmentedControl
            transitionDuration={0}
            size="xs"
            aria-label="How these conditions are joined"
            data={WORDS}
            value={node.word}
            readOnly={readOnly}
            onChange={(word) => setWord(word as Word)}
          />
          <Text size="sm" c="dimmed">
            {node.word === 'all' ? 'of these hold' : 'of these holds'}
          </Text>
        </Group>
      )}
      {shown.length === 0 && (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
      {shown.map((one, index) => (
        <div key={one.id} className={classes.item}>
          {index > 0 && (
            <Text size="xs" fw={600} c="dimmed" tt="uppercase" mb={6} ml={4}>
              {JOINED[node.word]}
            </Text>
          )}
          <Card node={one} place={{ ...place, parent: node }} top={top} />
        </div>
      ))}
      {!readOnly && <AddMenu node={node} model={place.model} />}
    </div>
  );
}

// The whole rule.
export function RuleCards({ root, model }: { root: GroupNode; model: ModelShape | undefined }) {
  const empty =
    root.word === 'any' ? 'Nobody: no condition can hold' : `Everyone in ${model?.name ?? 'the model'}. Add a condition to choose fewer.`;
  return (
    <Box component="section" aria-label="Rule">
      {countOf(root) > 12 && (
        <Badge variant="default" tt="none" mb="xs">
          {countOf(root)} conditions
        </Badge>
      )}
      <GroupBody node={root} place={{ model, parent: root, root }} none={empty} top />
    </Box>
  );
}
