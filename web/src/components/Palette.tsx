import { Box, Modal, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useId, useMemo, useState } from 'react';

import { activationsQuery, destinationsQuery, modelsQuery, segmentsQuery, sourcesQuery, useMay } from '../api/queries';
import { find } from '../lib/find';
import classes from './Palette.module.css';
import { subjects } from './subjects';

interface Entry {
  label: string;
  kind: string;
  to: string;
  more?: string;
}

// Everything that has a name, and what can be begun.
function useEntries(): Entry[] {
  const isEditor = useMay('editor');
  const isAdmin = useMay('admin');
  const activations = useQuery(activationsQuery).data;
  const segments = useQuery(segmentsQuery).data;
  const destinations = useQuery(destinationsQuery).data;
  const models = useQuery(modelsQuery).data;
  const sources = useQuery(sourcesQuery).data;
  return useMemo(() => {
    const of = (kind: string, all: { uid: string; name: string; more?: string }[] = []): Entry[] =>
      all.map(({ uid, name, more }) => ({ label: name, kind, to: `/${kind}s/${uid}`, ...(more ? { more } : {}) }));
    const begins = ['segment', 'activation', 'destination', 'model', 'source'].map((kind) => ({
      label: `New ${kind}`,
      kind: 'begin',
      to: `/${kind}s/new`,
    }));
    return [
      ...of('segment', segments),
      ...of('activation', activations?.map((one) => ({ uid: one.uid, name: one.name ?? one.segment, more: `to ${one.destination}` }))),
      ...of('destination', destinations),
      ...of('model', models),
      ...of('source', sources),
      ...subjects.filter((group) => !group.admin || isAdmin).flatMap((group) => group.items.map(({ to, label }) => ({ label, kind: 'page', to }))),
      { label: 'Settings', kind: 'page', to: '/settings' },
      ...(isEditor ? begins : []),
    ];
  }, [activations, segments, destinations, models, sources, isEditor, isAdmin]);
}

// The search over everything: type a part of a name, choose by arrows and Enter.
export default function Palette({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const entries = useEntries();
  const seesPeople = useMay('operator');
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const found = useMemo(() => {
    const out = find(entries, typed, (one) => `${one.label} ${one.kind}`);
    const person = typed.trim();
    if (person && seesPeople) out.push({ label: `Find the person “${person}”`, kind: 'people', to: `/people?key=${encodeURIComponent(person)}` });
    return out;
  }, [entries, typed, seesPeople]);
  const go = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    router.history.push(entry.to);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === 'ArrowUp') setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (event.key === 'Enter') go(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <Modal opened onClose={onClose} withCloseButton={false} size="lg" yOffset="10vh" title="Search">
      <TextInput
        aria-label="Search objects and pages"
        placeholder="A segment, an activation, a page, somebody's e-mail address…"
        size="md"
        value={typed}
        data-autofocus
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        aria-autocomplete="list"
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <Box component="ul" role="listbox" aria-label="Found" id={`${id}-list`} className={classes.list}>
        {found.map((entry, i) => (
          <li
            key={entry.kind + entry.to}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            className={classes.entry}
            ref={(element) => {
              if (i === at) element?.scrollIntoView({ block: 'nearest' });
            }}
            onMouseMove={() => setAt(i)}
            onClick={() => go(entry)}
          >
            <span dir="auto">{entry.label}</span>
            <Text span size="sm" c="dimmed">
              {[entry.kind, entry.more].filter(Boolean).join(' ')}
            </Text>
          </li>
        ))}
      </Box>
      {found.length === 0 && (
        <Text size="sm" c="dimmed" p="xs" role="status">
          Nothing has a name like that.
        </Text>
      )}
    </Modal>
  );
}
