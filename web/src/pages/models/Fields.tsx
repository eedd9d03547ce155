import { Badge, Button, Checkbox, Group, NativeSelect, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Look } from '../../api/catalog';
import { type FieldType, fieldTypes, labelOf, type Pick, problemsOf, samplesOf, typeName } from '../../lib/columns';
import { count } from '../../lib/words';
import { shortened } from '../sources/Tables';
import classes from './Fields.module.css';

const most = 60;

/** The columns of a table: which are fields, what they are called, of which type they are. */
export function Fields({
  look,
  picks,
  onChange,
  primaryKey,
  correctable,
  used,
}: {
  look: Look;
  picks: Pick[];
  onChange: (picks: Pick[]) => void;
  primaryKey: string;
  /** The types that may be declared, where the source lets one: files. */
  correctable: FieldType[];
  /** Fields that something is made of, by name: by what. */
  used: Record<string, string>;
}) {
  const [search, setSearch] = useState('');
  const [names, setNames] = useState(() => picks.some((one) => one.name !== one.column));
  const [all, setAll] = useState(false);
  const problems = problemsOf(picks);
  const picked = picks.filter((one) => one.picked).length;
  const wanted = search.trim().toLowerCase();
  const found = picks.filter((one) => `${one.column} ${one.name} ${one.label}`.toLowerCase().includes(wanted));
  const shown = all ? found : found.slice(0, most);
  const set = (column: string, change: Partial<Pick>) => onChange(picks.map((one) => (one.column === column ? { ...one, ...change } : one)));
  const typeOf = new Map(look.fields.map((one) => [one.name, one.type]));
  const doubts = new Map(look.types.flatMap((table) => table.columns).map((one) => [one.column, one.doubt]));
  const leftOut = look.types.flatMap((table) => table.left_out);
  const isPeopleNamed = picks.every((one) => !one.picked || one.label);
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed" role="status">
          {count(picked)} of {count(picks.length)} columns are fields
        </Text>
        <Group gap="xs">
          {picks.length > 12 && <TextInput aria-label="Search columns" placeholder="Search columns" size="xs" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />}
          <Button size="compact-sm" variant="default" onClick={() => onChange(picks.map((one) => ({ ...one, picked: true })))} disabled={picked === picks.length}>
            All
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onChange(picks.map((one) => ({ ...one, picked: one.name === primaryKey })))} disabled={picked <= 1}>
            None but the key
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={isPeopleNamed}
            onClick={() => onChange(picks.map((one) => (one.picked && !one.label ? { ...one, label: labelOf(one.name) } : one)))}
          >
            Suggest labels
          </Button>
          <Switch size="sm" label="Field names" checked={names} onChange={(event) => setNames(event.currentTarget.checked)} />
        </Group>
      </Group>
      <ul className={classes.list}>
        {shown.map((one) => {
          const type = typeOf.get(one.column);
          const samples = samplesOf(look.rows, one.column);
          const doubt = doubts.get(one.column);
          return (
            <li key={one.column} className={classes.row} data-off={!one.picked || undefined}>
              <Checkbox
                checked={one.picked}
                onChange={(event) => set(one.column, { picked: event.currentTarget.checked })}
                disabled={one.picked && one.name === primaryKey}
                label={
                  <Text span fw={600} size="sm" c="var(--mantine-color-text)" dir="auto">
                    {one.column}
                    {one.name === primaryKey && one.picked && (
                      <Badge ml={8} size="sm" variant="light" tt="none" component="span">
                        Key
                      </Badge>
                    )}
                  </Text>
                }
                description={
                  type === undefined ? (
                    <Text span size="xs" c="var(--mantine-color-error)">
                      This column is not in the table any more.
                    </Text>
                  ) : (
                    <span dir="auto">{samples.map(shortened).join(' · ') || 'empty in the first rows'}</span>
                  )
                }
              />
              <div className={classes.inputs}>
                {names && (
                  <TextInput
                    size="xs"
                    label="Field name"
                    value={one.name}
                    disabled={!one.picked}
                    error={problems[one.column]}
                    onChange={(event) => set(one.column, { name: event.currentTarget.value })}
                    aria-label={`Field name of ${one.column}`}
                    dir="auto"
                  />
                )}
                <TextInput
                  size="xs"
                  label="Label"
                  placeholder={one.name}
                  value={one.label}
                  disabled={!one.picked}
                  onChange={(event) => set(one.column, { label: event.currentTarget.value })}
                  aria-label={`Label of ${one.column}`}
                  dir="auto"
                />
                {correctable.length > 0 ? (
                  <NativeSelect
                    size="xs"
                    label="Type"
                    aria-label={`Type of ${one.column}`}
                    disabled={!one.picked}
                    value={one.type ?? ''}
                    onChange={(event) => {
                      const { type: _type, format: _format, ...rest } = one;
                      const next = event.currentTarget.value as FieldType | '';
                      onChange(picks.map((other) => (other.column === one.column ? { ...rest, ...(next ? { type: next } : {}) } : other)));
                    }}
                    data={[
                      { value: '', label: type ? `${typeName(type)} (found)` : 'Found' },
                      ...fieldTypes.filter((other) => correctable.includes(other)).map((other) => ({ value: other, label: typeName(other) })),
                    ]}
                  />
                ) : (
                  <div>
                    <Text size="xs" fw={500}>
                      Type
                    </Text>
                    <Text size="sm">{type ? typeName(type) : '–'}</Text>
                  </div>
                )}
                {correctable.length > 0 && (one.type === 'date' || one.type === 'timestamp') && (
                  <TextInput
                    size="xs"
                    label="Written as"
                    placeholder={one.type === 'date' ? '%Y-%m-%d' : '%Y-%m-%d %H:%M'}
                    value={one.format ?? ''}
                    onChange={(event) => set(one.column, { format: event.currentTarget.value || undefined })}
                    aria-label={`How ${one.column} is written`}
                  />
                )}
              </div>
              {doubt && !one.type && (
                <Text size="xs" className={classes.note}>
                  Kept as text: it {doubt}
                </Text>
              )}
              {!one.picked && used[one.name] && (
                <Text size="xs" c="var(--mantine-color-error)" className={classes.note}>
                  {used[one.name]}
                </Text>
              )}
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <Text c="dimmed">No column is named so.</Text>}
      {shown.length < found.length && (
        <Button variant="default" onClick={() => setAll(true)}>
          Show all {count(found.length)} columns
        </Button>
      )}
      {leftOut.length > 0 && (
        <Text size="sm" c="dimmed">
          Not read, for their endings are none of the source’s: {leftOut.join(', ')}
        </Text>
      )}
    </Stack>
  );
}
