// One segment under construction: its name, its rule, and beside it what the rule comes to.
import { Alert, Box, Button, Grid, Group, Paper, Select, Stack, Tabs, TagsInput, Text, TextInput, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Suspense, lazy, useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react';
import type { ReactNode } from 'react';

import type { Tagged } from '../../api/client';
import { Problem as ProblemError, asProblem } from '../../api/problem';
import { activationsQuery, modelsQuery, segmentsQuery, useMay } from '../../api/queries';
import { changeSegment, makeSegment, storedSegmentQuery } from '../../api/segments';
import type { StoredSegment, Unsaved } from '../../api/segments';
import { ButtonTo } from '../../components/links';
import { Empty } from '../../components/Empty';
import { LeaveGuard } from '../../components/LeaveGuard';
import { Waiting } from '../../components/Loading';
import { PageHead } from '../../components/PageHead';
import { Problem } from '../../components/Problem';
import { readJson, writeJson } from '../../lib/exact-json';
import { many } from '../../lib/words';
import { RuleCards } from '../../rule/cards';
import { flawsOf } from '../../rule/checks';
import type { Flaw } from '../../rule/checks';
import { PAUSE, useCounts } from '../../rule/counts';
import type { CountState } from '../../rule/counts';
import { begin, edited } from '../../rule/draft';
import type { Draft } from '../../rule/draft';
import { useShape } from '../../rule/shape';
import { ToolsProvider } from '../../rule/tools';
import type { Tools } from '../../rule/tools';
import type { Rule } from '../../rule/types';
import { nodeAt, ruleOf } from '../../rule/tree';
import { sentence } from '../../rule/words';
import { Breakdown } from './Breakdown';
import { Conflict } from './Conflict';
import { Overlap } from './Overlap';
import { People } from './People';
import { Size } from './Size';
import { Sql } from './Sql';
import { Templates } from './Templates';
import { TestPerson } from './TestPerson';
import { UsedBy } from './UsedBy';
import { bodyOf, differs, draftOf } from './body';

// With its chart, which no other tab needs.
const History = lazy(() => import('./History'));

function useMinute(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

// The element of that id takes the keyboard once it is there.
function useFocus() {
  const wanted = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const element = document.getElementById(wanted.current);
    wanted.current = undefined;
    element?.focus();
  });
  return useCallback((id: string) => {
    wanted.current = id;
  }, []);
}

export function SegmentEditor({
  start,
  stored,
  justSaved = false,
  actions,
  tab,
  onTab,
}: {
  start: Draft;
  stored?: Tagged<StoredSegment>;
  justSaved?: boolean;
  actions?: ReactNode;
  tab?: string | undefined;
  onTab?: (tab: string) => void;
}) {
  const [editing, change] = useReducer(edited, start, begin);
  const [base, setBase] = useState(stored);
  const [theirs, setTheirs] = useState<Tagged<StoredSegment>>();
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<ProblemError>();
  const [done, setDone] = useState(false); // kept as a new one, and on the way to its page
  const [savedNow, setSavedNow] = useState(justSaved);
  const [said, say] = useState('');
  const mayEdit = useMay('editor');
  const seesValues = useMay('operator');
  const now = useMinute();
  const focus = useFocus();
  const navigate = useNavigate();
  const client = useQueryClient();
  const draft = editing.present;
  const uid = base?.value.uid;

  const models = useQuery(modelsQuery).data;
  const segments = useQuery(segmentsQuery).data;
  const activations = useQuery({ ...activationsQuery, enabled: uid !== undefined }).data;
  const { shape, operators, problem: shapeProblem } = useShape(draft.model, draft.root);
  const model = shape.get(draft.model);

  const dirty = !done && (base ? differs(draft, base.value) : editing.past.length > 0);
  const known = useMemo(
    () =>
      operators && {
        shape,
        operators,
        segments: (segments ?? []).map((one) => ({ name: one.name, model: one.model, where: one.where as Rule | undefined })),
        self: base?.value.name,
      },
    [shape, operators, segments, base],
  );

  const flaws = useMemo(
    () => (known && segments ? flawsOf(known, draft.model, draft.root) : []),
    [known, segments, draft.model, draft.root],
  );
  const flawsById = useMemo(() => {
    const out = new Map<string, Flaw[]>();
    for (const one of flaws) out.set(one.id, [...(out.get(one.id) ?? []), one]);
    return out;
  }, [flaws]);

  // What can be asked: the whole where nothing is missing, and each card that is whole by itself.
  const where = ruleOf(draft.root);
  const isSound = known !== undefined && model?.fields !== undefined && flaws.length === 0;
  const whole: Unsaved | undefined = isSound ? { model: draft.model, where } : undefined;
  const cards = useMemo(() => {
    if (!known || !model?.fields || draft.root.rules.length < 2) return [];
    return draft.root.rules
      .filter((card) => flawsOf(known, draft.model, card).length === 0)
      .map((card) => ({ id: card.id, segment: { model: draft.model, where: ruleOf(card) } }));
  }, [known, model, draft.model, draft.root]);
  const counts = useCounts(whole ? [whole, ...cards.map((one) => one.segment)] : cards.map((one) => one.segment));
  // What the tabs below show is a query as well: none is sent while somebody types.
  const [calmText] = useDebouncedValue(whole ? writeJson(whole) : '', PAUSE);
  const calm = useMemo(() => (calmText === '' ? undefined : (readJson(calmText) as Unsaved)), [calmText]);
  const countsById = new Map<string, CountState>();
  for (const one of cards) {
    const state = counts.of(one.segment);
    if (state) countsById.set(one.id, state);
  }

  // Somebody else may have changed it meanwhile: seen when this window is looked at again.
  const latest = useQuery({ ...storedSegmentQuery(uid ?? ''), enabled: uid !== undefined }).data;
  const changedByOthers = base !== undefined && latest !== undefined && latest.etag !== base.etag && !saving;
  useEffect(() => {
    if (!changedByOthers || dirty || !latest) return;
    setBase(latest);
    change({ type: 'take', draft: draftOf(latest.value) });
  }, [changedByOthers, dirty, latest]);

  const readOnly = !mayEdit;
  const nameMissing = draft.name.trim() === '';
  // Where the service found a fault in the rule, on saving it or on counting it.
  const size = counts.of(whole);
  const told = problem ?? (size?.state === 'failed' ? size.problem : undefined);
  const fault = told && [told, ...told.errors].find((one) => one.pointer.startsWith('/where'));
  const refused = fault && { id: nodeAt(draft.root, fault.pointer).id, text: fault.detail };

  async function save(over?: Tagged<StoredSegment>) {
    const against = over ?? base;
    setSaving(true);
    setProblem(undefined);
    try {
      const body = bodyOf(draft, against?.value);
      const made = against ? await changeSegment(against.value.uid, against.etag, body) : await makeSegment(body);
      client.setQueryData(storedSegmentQuery(made.value.uid).queryKey, made);
      void client.invalidateQueries({ queryKey: ['segments'] });
      setTheirs(undefined);
      setBase(made);
      setSavedNow(true);
      say('Saved');
      if (!against) {
        setDone(true);
        await navigate({ to: '/segments/$uid', params: { uid: made.value.uid }, search: { saved: 'yes' }, ignoreBlocker: true });
      }
    } catch (error) {
      const told = asProblem(error);
      if (told.status === 412 && uid) setTheirs(await client.fetchQuery({ ...storedSegmentQuery(uid), staleTime: 0 }));
      else setProblem(told);
    } finally {
      setSaving(false);
    }
  }

  const takeTheirs = () => {
    if (!theirs) return;
    setBase(theirs);
    change({ type: 'take', draft: draftOf(theirs.value) });
    setTheirs(undefined);
    say('Theirs is shown. Undo brings yours back');
  };

  const canUndo = editing.past.length > 0;
  const canRedo = editing.future.length > 0;
  const saveRef = useRef(save);
  saveRef.current = save;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || readOnly) return;
      const key = event.key.toLowerCase();
      if (key === 'z' || key === 'y') {
        if (document.querySelector('[role="dialog"]')) return;
        event.preventDefault();
        change({ type: key === 'y' || event.shiftKey ? 'redo' : 'undo' });
      } else if (key === 's') {
        event.preventDefault();
        document.getElementById('save-segment')?.click();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [readOnly]);

  if (shapeProblem && !operators) return <Problem error={shapeProblem} />;
  if (!known || !models || !segments) return <Waiting lines={8} />;

  const tools: Tools = {
    known,
    speaker: known,
    change,
    flaws: flawsById,
    refused,
    counts: countsById,
    readOnly,
    seesValues,
    now,
    focus,
    say,
  };
  const people = models.filter((one) => (one as { type?: string }).type === undefined || (one as { type?: string }).type === 'users');
  const isTaken = segments.some((one) => one.name === draft.name.trim() && one.uid !== uid);
  const words = sentence(known, draft.model, draft.root);
  const uses = activations?.filter((one) => one.segment === base?.value.name && !one.archived) ?? [];
  const title = base ? base.value.name : draft.name.trim() || 'New segment';
  const wrongs = flaws.filter((one) => !one.unfinished).length;
  const missing = flaws.length - wrongs;
  const current = tab ?? 'people';

  return (
    <ToolsProvider value={tools}>
      <LeaveGuard dirty={dirty && !saving} />
      <PageHead
        title={title}
        up={{ to: '/segments', label: 'Segments' }}
        about={<span dir="auto">{words}</span>}
        actions={
          <>
            {!readOnly && (
              <>
                <Button variant="default" disabled={!canUndo} onClick={() => change({ type: 'undo' })} title="Ctrl+Z">
                  Undo
                </Button>
                <Button variant="default" disabled={!canRedo} onClick={() => change({ type: 'redo' })} title="Ctrl+Shift+Z">
                  Redo
                </Button>
              </>
            )}
            {actions}
            <Button
              id="save-segment"
              loading={saving}
              disabled={readOnly || flaws.length > 0 || nameMissing || isTaken || (base !== undefined && !dirty)}
              onClick={() => void save()}
            >
              {base ? 'Save' : 'Save segment'}
            </Button>
          </>
        }
      />
      <div className="hidden-text" role="status" aria-live="polite">
        {said}
      </div>
      <Stack gap="lg">
        {readOnly && (
          <Alert color="gray" variant="light" title="You may look, not save">
            Changing segments needs the role editor; an admin gives it.
          </Alert>
        )}
        {changedByOthers && dirty && (
          <Alert color="orange" variant="light" title="Somebody changed this segment while you were editing it">
            <Text size="sm">What you did is still here. Look at both before you save.</Text>
            <Button mt="xs" size="xs" onClick={() => setTheirs(latest)}>
              Compare
            </Button>
          </Alert>
        )}
        {problem && <Problem error={problem} title="It was not saved" />}
        {base && !dirty && activations && uses.length === 0 && (
          <Alert color="blue" variant="light" title={savedNow ? 'Saved. Not activated yet' : 'Not activated yet'}>
            <Group justify="space-between">
              <Text size="sm">No list in Iterable follows this segment so far.</Text>
              {mayEdit && (
                <ButtonTo size="xs" to="/activations/new" search={{ segment: base.value.uid }}>
                  Activate
                </ButtonTo>
              )}
            </Group>
          </Alert>
        )}
        {base && !dirty && savedNow && uses.length > 0 && (
          <Alert color="blue" variant="light" title="Saved">
            {many(uses.length, 'activation follows', 'activations follow')} this segment: the next run of each brings its list to the new
            rule.
          </Alert>
        )}
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 'auto' }}>
            <Stack gap="md">
              <Group align="flex-start" grow preventGrowOverflow={false}>
                <TextInput
                  label="Name"
                  required
                  value={draft.name}
                  readOnly={readOnly}
                  dir="auto"
                  maxLength={200}
                  error={isTaken ? 'Another segment has this name' : problem?.at('/name')}
                  onChange={(event) => change({ type: 'describe', what: { name: event.currentTarget.value }, typing: 'name' })}
                />
                {!base && (
                  <Select
                    label="People of the model"
                    required
                    data={people.map((one) => one.name)}
                    value={draft.model || null}
                    allowDeselect={false}
                    onChange={(name) => name && change({ type: 'model', model: name })}
                  />
                )}
              </Group>
              <details open={base === undefined ? undefined : draft.description !== '' || draft.tags.length > 0}>
                <summary>Description and tags</summary>
                <Stack gap="sm" mt="xs">
                  <Textarea
                    label="Description"
                    autosize
                    value={draft.description}
                    readOnly={readOnly}
                    dir="auto"
                    onChange={(event) =>
                      change({ type: 'describe', what: { description: event.currentTarget.value }, typing: 'description' })
                    }
                  />
                  <TagsInput
                    label="Tags"
                    data={[...new Set(segments.flatMap((one) => one.tags ?? []))].sort()}
                    value={[...draft.tags]}
                    readOnly={readOnly}
                    acceptValueOnBlur
                    onChange={(tags) => change({ type: 'describe', what: { tags } })}
                  />
                </Stack>
              </details>
              {shapeProblem && <Problem error={shapeProblem} title="The fields could not be read" />}
              {draft.model === '' ? (
                <Empty title="Choose a model">A segment chooses people of one model.</Empty>
              ) : (
                <>
                  {!base && draft.root.rules.length === 0 && model && <Templates model={model} />}
                  <RuleCards root={draft.root} model={model} />
                </>
              )}
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 'content' }} w={{ base: '100%', md: 280 }}>
            <Box pos="sticky" top={72}>
              <Paper withBorder p="md" component="section" aria-label="Size">
                <Size
                  state={size}
                  model={draft.model}
                  missing={missing}
                  wrong={wrongs}
                  busy={counts.busy}
                  onStop={counts.stop}
                  onAgain={counts.again}
                  segment={base && !dirty ? base.value.name : undefined}
                />
              </Paper>
            </Box>
          </Grid.Col>
        </Grid>
        <Tabs value={current} onChange={(value) => value && onTab?.(value)} keepMounted={false} variant="outline">
          <Tabs.List>
            <Tabs.Tab value="people">People</Tabs.Tab>
            <Tabs.Tab value="test">Test a person</Tabs.Tab>
            <Tabs.Tab value="breakdown">Breakdown</Tabs.Tab>
            <Tabs.Tab value="overlap">Overlap</Tabs.Tab>
            {base && <Tabs.Tab value="history">Size over time</Tabs.Tab>}
            {base && <Tabs.Tab value="used">Used by</Tabs.Tab>}
            <Tabs.Tab value="sql">SQL</Tabs.Tab>
          </Tabs.List>
          <Box pt="md">
            {(['people', 'test', 'breakdown', 'overlap', 'sql'] as const).map((one) => (
              <Tabs.Panel key={one} value={one}>
                {!whole || !model ? (
                  <Text c="dimmed">
                    {missing > 0
                      ? 'Fill in what is missing in the rule first.'
                      : wrongs > 0
                        ? 'Correct the rule first.'
                        : 'Reading the model…'}
                  </Text>
                ) : one === 'test' ? (
                  <TestPerson segment={whole} root={draft.root} model={model} />
                ) : !calm ? (
                  <Waiting lines={4} />
                ) : one === 'people' ? (
                  <People segment={calm} size={size} />
                ) : one === 'breakdown' ? (
                  <Breakdown segment={calm} model={model} />
                ) : one === 'overlap' ? (
                  <Overlap segment={calm} self={uid} name={draft.name.trim() || 'This segment'} />
                ) : (
                  <Sql segment={calm} />
                )}
              </Tabs.Panel>
            ))}
            {base && (
              <>
                <Tabs.Panel value="history">
                  <Suspense fallback={<Waiting />}>
                    <History uid={base.value.uid} />
                  </Suspense>
                </Tabs.Panel>
                <Tabs.Panel value="used">
                  <UsedBy name={base.value.name} />
                </Tabs.Panel>
              </>
            )}
          </Box>
        </Tabs>
      </Stack>
      <Conflict
        theirs={theirs}
        mine={draft}
        speaker={known}
        onTheirs={takeTheirs}
        onMine={() => void save(theirs)}
        saving={saving}
        onClose={() => setTheirs(undefined)}
      />
    </ToolsProvider>
  );
}
