// Values out of the data, with how many people have each; and whatever else is typed or pasted.
import {
  Button,
  Combobox,
  Group,
  Loader,
  Modal,
  Pill,
  PillsInput,
  ScrollArea,
  Stack,
  Text,
  TextInput,
  Textarea,
  useCombobox,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';

import { listValuesQuery, valuesQuery, valuesWithQuery } from '../api/segments';
import type { Breakdown } from '../api/segments';
import { When } from '../components/When';
import { Exact } from '../lib/exact-json';
import { count, many } from '../lib/words';
import { isNumber, scalarOf, textOf } from './operators';
import { isSeveral, pasted } from './paste';
import { useTools } from './tools';
import type { FieldType, ModelShape, Scalar } from './types';

const SHOWN = 50;
const PILLS = 60; // more of them are a text to read and edit

interface Suggestion {
  value: Scalar;
  text: string;
  members: number;
}

// Of a field of lists: what is in the lists.
function suggestionsOf(data: Breakdown | undefined): Suggestion[] {
  const out = new Map<string, Suggestion>();
  for (const one of data?.values ?? [])
    for (const value of Array.isArray(one.value) ? new Set(one.value) : [one.value]) {
      if (value === null || value === undefined || (typeof value === 'object' && !(value instanceof Exact))) continue;
      const scalar = value as Scalar;
      const text = textOf(scalar);
      out.set(text, { value: scalar, text, members: (out.get(text)?.members ?? 0) + one.members });
    }
  return [...out.values()].sort((a, b) => b.members - a.members);
}

function useSuggestions(model: ModelShape | undefined, field: string, type: FieldType, search: string, wanted: boolean) {
  const { seesValues } = useTools();
  const [text] = useDebouncedValue(search.trim(), 300);
  const can = wanted && seesValues && model !== undefined && field !== '';
  const isList = type === 'list';
  const counted = useQuery({ ...valuesQuery(model?.uid ?? '', field), enabled: can && !isList });
  const listed = useQuery({ ...listValuesQuery(model?.name ?? '', field), enabled: can && isList });
  const top = isList ? listed : counted;
  const known = suggestionsOf(top.data);
  const fits = (one: Suggestion) => one.text.toLowerCase().includes(search.trim().toLowerCase());
  // Only the service knows what is not among the most frequent.
  const more = (top.data?.others ?? 0) > 0 && type === 'text' && text !== '';
  const found = useQuery({ ...valuesWithQuery(model?.name ?? '', field, text), enabled: can && more });
  const list = (more && found.data ? suggestionsOf(found.data) : known).filter(fits);
  return {
    list: list.slice(0, SHOWN),
    all: known,
    loading: can && (top.isLoading || (more && found.isFetching)),
    failed: top.isError ? top.error.detail || top.error.title : '',
    note: noteOf(top.data, known.length, model?.name ?? ''),
    at: top.dataUpdatedAt ? new Date(top.dataUpdatedAt).toISOString() : undefined,
    again: () => void top.refetch(),
    can: seesValues && model !== undefined && field !== '',
  };
}

function noteOf(data: Breakdown | undefined, shown: number, model: string): string {
  if (!data) return '';
  if (data.sampled) return `Seen in the lists of ${count(data.people)} ${model}; type any other`;
  if (data.others === 0) return `All ${many(shown, 'value')} of ${count(data.people)} ${model}`;
  return `The first ${count(shown)} values; ${count(data.others)} of ${count(data.people)} ${model} have others: type to search all`;
}

function Options({
  suggestions,
  typed,
  children,
}: {
  suggestions: ReturnType<typeof useSuggestions>;
  typed?: string;
  children?: ReactNode;
}) {
  const { list, loading, failed, note, at, again, can } = suggestions;
  return (
    <Combobox.Dropdown>
      <Combobox.Options>
        <ScrollArea.Autosize mah={240} type="auto" tabIndex={-1}>
          {list.map((one) => (
            <Combobox.Option key={one.text} value={one.text} active={one.text === typed}>
              <Group justify="space-between" wrap="nowrap" gap="xs">
                <Text size="sm" dir="auto" lineClamp={2}>
                  {one.text === '' ? '(empty text)' : one.text}
                </Text>
                <Text size="xs" c="dimmed" className="numbers" style={{ flexShrink: 0 }}>
                  {count(one.members)}
                </Text>
              </Group>
            </Combobox.Option>
          ))}
          {children}
          {list.length === 0 && !children && !loading && (
            <Combobox.Empty>{failed || (can ? 'No such value in the data; type it all the same' : 'Type a value')}</Combobox.Empty>
          )}
        </ScrollArea.Autosize>
      </Combobox.Options>
      {(note || loading) && (
        <Combobox.Footer>
          <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
            <Text size="xs" c="dimmed">
              {loading ? 'Looking through the data…' : note}
            </Text>
            {loading ? (
              <Loader size="xs" />
            ) : (
              at && (
                <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
                  as of <When at={at} relative />{' '}
                  <Button size="compact-xs" variant="subtle" tabIndex={-1} onMouseDown={(event) => event.preventDefault()} onClick={again}>
                    Renew
                  </Button>
                </Text>
              )
            )}
          </Group>
        </Combobox.Footer>
      )}
    </Combobox.Dropdown>
  );
}

interface Common {
  label: string;
  model: ModelShape | undefined;
  field: string;
  type: FieldType;
  error?: string | undefined;
}

// One value: what is typed is the value.
export function ValuePicker({
  label,
  model,
  field,
  type,
  value,
  error,
  ignoreCase,
  onChange,
}: Common & { value: Scalar | undefined; ignoreCase: boolean; onChange: (value: Scalar | undefined) => void }) {
  const { readOnly } = useTools();
  const [opened, setOpened] = useState(false);
  const [typing, setTyping] = useState(false);
  const combobox = useCombobox({ opened, onOpenedChange: setOpened, onDropdownClose: () => combobox.resetSelectedOption() });
  const text = textOf(value);
  const suggestions = useSuggestions(model, field, type, typing ? text : '', opened);
  const asValue = (next: string) => suggestions.all.find((one) => one.text === next)?.value ?? next;
  const known = suggestions.all.find((one) => one.text === text);
  return (
    <Combobox
      store={combobox}
      readOnly={readOnly}
      width={300}
      position="bottom-start"
      onOptionSubmit={(next) => {
        onChange(asValue(next));
        setTyping(false);
        combobox.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          aria-label={label}
          value={text}
          error={error}
          readOnly={readOnly}
          autoComplete="off"
          dir="auto"
          w={200}
          maw="100%"
          description={
            known === undefined && text !== '' && suggestions.note.startsWith('All') && !ignoreCase
              ? 'Nobody has this value now'
              : undefined
          }
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          onClick={() => combobox.openDropdown()}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => {
            setTyping(false);
            combobox.closeDropdown();
          }}
          onChange={(event) => {
            setTyping(true);
            onChange(asValue(event.currentTarget.value));
            combobox.openDropdown();
            combobox.resetSelectedOption();
          }}
        />
      </Combobox.Target>
      <Options suggestions={suggestions} typed={text} />
    </Combobox>
  );
}

// Several values, each a pill; a pasted column becomes as many.
export function ValuesPicker({
  label,
  model,
  field,
  type,
  value,
  error,
  onChange,
}: Common & { value: readonly Scalar[]; onChange: (value: readonly Scalar[] | undefined) => void }) {
  const { readOnly, say } = useTools();
  const [opened, setOpened] = useState(false);
  const [search, setSearch] = useState('');
  const [listing, setListing] = useState(false);
  const [told, setTold] = useState('');
  const combobox = useCombobox({ opened, onOpenedChange: setOpened, onDropdownClose: () => combobox.resetSelectedOption() });
  const suggestions = useSuggestions(model, field, type, search, opened);
  const chosen = new Set(value.map(textOf));
  const left = { ...suggestions, list: suggestions.list.filter((one) => !chosen.has(one.text)) };

  const set = (next: readonly Scalar[]) => onChange(next.length > 0 ? next : undefined);
  const typeOfOne: FieldType =
    type === 'list' && suggestions.all.length > 0 && suggestions.all.every((one) => typeof one.value === 'number') ? 'number' : type;
  const add = (text: string) => {
    const one = suggestions.all.find((each) => each.text === text)?.value ?? scalarOf(typeOfOne, text);
    if (one === undefined) return setTold(`“${text}” is no number`);
    setTold('');
    if (!chosen.has(textOf(one))) set([...value, one]);
    setSearch('');
  };
  const paste = (text: string) => {
    const got = pasted(text, typeOfOne === 'list' ? 'text' : typeOfOne);
    const fresh = got.values.filter((one) => !chosen.has(textOf(one)));
    set([...value, ...fresh]);
    setSearch('');
    const words = [
      `${many(fresh.length, 'value')} pasted`,
      got.doubles + got.values.length - fresh.length > 0 ? `${count(got.doubles + got.values.length - fresh.length)} twice` : '',
      got.refused.length > 0 ? `${count(got.refused.length)} left out, no numbers: ${got.refused.slice(0, 3).join(', ')}` : '',
      got.columns > 1 ? `the first of ${got.columns} columns` : '',
    ].filter((one) => one !== '');
    setTold(words.join('; '));
    say(words.join('; '));
  };
  const wanted = search.trim();
  const isNew = wanted !== '' && !chosen.has(wanted) && !left.list.some((one) => one.text === wanted);

  return (
    <Stack gap={4} maw="100%">
      <Combobox store={combobox} readOnly={readOnly} width={320} position="bottom-start" onOptionSubmit={add}>
        <Combobox.DropdownTarget>
          <PillsInput w={320} maw="100%" error={error} onClick={() => combobox.openDropdown()} disabled={false}>
            <Pill.Group>
              {value.length <= PILLS ? (
                value.map((one, index) => (
                  <Pill
                    key={textOf(one) + index}
                    withRemoveButton={!readOnly}
                    onRemove={() => set(value.filter((_, i) => i !== index))}
                    removeButtonProps={{ 'aria-label': `Remove ${textOf(one)}`, 'aria-hidden': false, tabIndex: 0 }}
                  >
                    <bdi>{textOf(one) === '' ? '(empty text)' : textOf(one)}</bdi>
                  </Pill>
                ))
              ) : (
                <Pill>{many(value.length, 'value')}</Pill>
              )}
              <Combobox.EventsTarget>
                <PillsInput.Field
                  aria-label={label}
                  value={search}
                  dir="auto"
                  readOnly={readOnly}
                  inputMode={isNumber(type) ? 'decimal' : undefined}
                  placeholder={value.length === 0 ? 'Type, choose or paste values' : ''}
                  onFocus={() => combobox.openDropdown()}
                  onBlur={() => {
                    combobox.closeDropdown();
                    if (wanted !== '') add(wanted);
                  }}
                  onChange={(event) => {
                    setSearch(event.currentTarget.value);
                    combobox.openDropdown();
                    combobox.resetSelectedOption();
                  }}
                  onPaste={(event) => {
                    const text = event.clipboardData.getData('text');
                    if (!isSeveral(text) && !/[;,]/.test(text)) return;
                    event.preventDefault();
                    paste(text);
                  }}
                  onKeyDown={(event) => {
                    const last = value.length - 1;
                    if (event.key === 'Backspace' && search === '' && last >= 0) {
                      event.preventDefault();
                      set(value.slice(0, last));
                    }
                    if (event.key === 'Enter' && combobox.getSelectedOptionIndex() < 0 && wanted !== '') {
                      event.preventDefault();
                      add(wanted);
                    }
                  }}
                />
              </Combobox.EventsTarget>
            </Pill.Group>
          </PillsInput>
        </Combobox.DropdownTarget>
        <Options suggestions={left}>
          {isNew && (
            <Combobox.Option value={wanted}>
              <Text size="sm">
                Add “<bdi>{wanted}</bdi>”
              </Text>
            </Combobox.Option>
          )}
        </Options>
      </Combobox>
      <Group gap="xs">
        {!readOnly && (
          <Button size="compact-xs" variant="subtle" onClick={() => setListing(true)}>
            {value.length === 0 ? 'Paste a column' : 'Edit as a list'}
          </Button>
        )}
        <Text size="xs" c="dimmed" aria-live="polite">
          {told}
        </Text>
      </Group>
      <AsList
        opened={listing}
        label={label}
        values={value}
        type={typeOfOne === 'list' ? 'text' : typeOfOne}
        onClose={() => setListing(false)}
        onChange={set}
      />
    </Stack>
  );
}

// One value a line.
function AsList({
  opened,
  label,
  values,
  type,
  onClose,
  onChange,
}: {
  opened: boolean;
  label: string;
  values: readonly Scalar[];
  type: FieldType;
  onClose: () => void;
  onChange: (values: readonly Scalar[]) => void;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title={label}>
      {opened && <ListForm values={values} type={type} onClose={onClose} onChange={onChange} />}
    </Modal>
  );
}

function ListForm({
  values,
  type,
  onClose,
  onChange,
}: {
  values: readonly Scalar[];
  type: FieldType;
  onClose: () => void;
  onChange: (values: readonly Scalar[]) => void;
}) {
  const plain = (one: Scalar) => (/[\r\n\t]|^"|^\s|\s$/.test(textOf(one)) ? JSON.stringify(textOf(one)) : textOf(one));
  const [text, setText] = useState(() => values.map(plain).join('\n'));
  // A line that was there already is the value that it was, whatever blanks and breaks it holds.
  const was = new Map(values.map((one) => [plain(one), one]));
  const lines = [...new Set(text.split(/\r\n|\n|\r/))];
  const kept = lines.filter((line) => was.has(line)).map((line) => was.get(line) as Scalar);
  const got = pasted(lines.filter((line) => !was.has(line)).join('\n'), type);
  const all = [...kept, ...got.values];
  return (
    <Stack>
      <Textarea
        label="One value a line"
        description="Paste a column of a sheet here"
        autosize
        minRows={8}
        maxRows={18}
        value={text}
        dir="auto"
        data-autofocus
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Text size="sm" c="dimmed" aria-live="polite">
        {many(all.length, 'value')}
        {got.columns > 1 && `, from the first of ${got.columns} columns`}
        {got.refused.length > 0 && `; no numbers, left out: ${got.refused.slice(0, 5).join(', ')}`}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          onClick={() => {
            onChange(all);
            onClose();
          }}
        >
          Take these values
        </Button>
      </Group>
    </Stack>
  );
}
