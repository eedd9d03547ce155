// The inputs of one condition: field, operator, and a value by its type.
import { Group, NativeSelect, Select, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { DAY, isNumber, isTime, operatorsOf, phraseOf, countPhraseOf, scalarOf, spanOf, takesOf, textOf } from './operators';
import { UNITS, isSpan } from './tree';
import classes from './cards.module.css';
import { useTools } from './tools';
import type { FieldType, ModelField, ModelShape, Scalar, Unit, Value } from './types';
import { ValuePicker, ValuesPicker } from './values';

const TYPE_WORDS: { [type in FieldType]: string } = {
  text: 'text',
  integer: 'number',
  decimal: 'number',
  number: 'number',
  boolean: 'yes or no',
  date: 'date',
  timestamp: 'time',
  list: 'list',
  object: 'object',
  json: 'object',
};

// Fields by the names people know, with their types beside them.
export function FieldPicker({
  id,
  label,
  model,
  value,
  error,
  allowed,
  onChange,
}: {
  id: string;
  label: string;
  model: ModelShape | undefined;
  value: string;
  error?: string | undefined;
  allowed?: (field: ModelField) => boolean;
  onChange: (field: ModelField) => void;
}) {
  const { readOnly } = useTools();
  const fields = model?.fields ?? [];
  const shown = allowed ? fields.filter(allowed) : fields;
  const data = shown.map((one) => ({ value: one.name, label: one.label || one.name }));
  if (value !== '' && !data.some((one) => one.value === value)) data.push({ value, label: value });
  return (
    <Select
      id={id}
      aria-label={label}
      placeholder={model && !model.fields ? 'Reading the fields…' : 'Choose a field'}
      data={data}
      value={value === '' ? null : value}
      error={error}
      searchable
      allowDeselect={false}
      readOnly={readOnly}
      nothingFoundMessage="No field of that name"
      maxDropdownHeight={320}
      comboboxProps={{ width: 320, position: 'bottom-start' }}
      w={200}
      maw="100%"
      filter={({ options, search }) => {
        const wanted = search.trim().toLowerCase();
        return options.filter((one) => !('group' in one) && `${one.label} ${one.value}`.toLowerCase().includes(wanted));
      }}
      renderOption={({ option }) => {
        const field = fields.find((one) => one.name === option.value);
        return (
          <Group justify="space-between" wrap="nowrap" gap="xs" w="100%">
            <Text size="sm" truncate dir="auto">
              {option.label}
            </Text>
            <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
              {field ? TYPE_WORDS[field.type] : ''}
            </Text>
          </Group>
        );
      }}
      onChange={(name) => {
        const field = fields.find((one) => one.name === name);
        if (field) onChange(field);
      }}
      onFocus={(event) => event.currentTarget.select()} // what is typed takes the place of what was there
    />
  );
}

export function OperatorPicker({
  label,
  type,
  ofCount = false,
  value,
  error,
  ignoreCase,
  onChange,
}: {
  label: string;
  type: FieldType;
  ofCount?: boolean;
  value: string;
  error?: string | undefined;
  ignoreCase?: boolean;
  onChange: (op: string) => void;
}) {
  const { known, readOnly } = useTools();
  const ops = [...operatorsOf(known.operators, type, ofCount)];
  if (!ops.includes(value)) ops.push(value);
  const exactly = (op: string) => (type === 'text' && !ignoreCase && (op === 'eq' || op === 'ne') ? ' exactly' : '');
  return (
    <NativeSelect
      classNames={{ input: classes.fitting }}
      aria-label={label}
      data={ops.map((op) => ({
        value: op,
        label: ofCount ? countPhraseOf(known.operators, op) : phraseOf(known.operators, op) + exactly(op),
      }))}
      value={value}
      error={error}
      disabled={readOnly}
      maw="100%"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

// A number as it is typed: what is half written stays in sight.
export function NumberInput({
  label,
  type,
  value,
  error,
  onChange,
  width = 120,
}: {
  label: string;
  type: FieldType;
  value: Scalar | undefined;
  error?: string | undefined;
  onChange: (value: Scalar | undefined) => void;
  width?: number;
}) {
  const { readOnly } = useTools();
  const [typed, setTyped] = useState<string>();
  return (
    <TextInput
      aria-label={label}
      inputMode={type === 'integer' ? 'numeric' : 'decimal'}
      autoComplete="off"
      value={typed ?? textOf(value)}
      error={error}
      readOnly={readOnly}
      w={width}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        onChange(text.trim() === '' ? undefined : (scalarOf(type, text) ?? text));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

function SpanInput({
  label,
  value,
  error,
  coarse,
  onChange,
}: {
  label: string;
  value: Value | undefined;
  error?: string | undefined;
  coarse: boolean;
  onChange: (value: Value) => void;
}) {
  const { readOnly } = useTools();
  const { unit, count } = isSpan(value) ? spanOf(value) : { unit: 'days' as Unit, count: undefined };
  const units = UNITS.filter((one) => one === unit || !coarse || (one !== 'minutes' && one !== 'hours'));
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <NumberInput
        label={`${label}: how many`}
        type="integer"
        value={count}
        error={error}
        width={84}
        onChange={(next) => onChange({ [unit]: next ?? '' } as Value)}
      />
      <NativeSelect
        classNames={{ input: classes.fitting }}
        aria-label={`${label}: unit`}
        data={[...units]}
        value={unit}
        disabled={readOnly}
        onChange={(event) => onChange({ [event.currentTarget.value]: count ?? 1 } as Value)}
      />
    </Group>
  );
}

const PLAIN_MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}$/;

// A day, and of times a time of day where one is wanted. What has seconds or a zone is shown as it is.
function DayInput({
  label,
  value,
  error,
  withTime,
  onChange,
}: {
  label: string;
  value: Value | undefined;
  error?: string | undefined;
  withTime: boolean;
  onChange: (value: Value | undefined) => void;
}) {
  const { readOnly } = useTools();
  const text = typeof value === 'string' ? value : '';
  if (text !== '' && !DAY.test(text) && !(withTime && PLAIN_MOMENT.test(text)))
    return (
      <TextInput
        aria-label={label}
        value={text}
        error={error}
        readOnly={readOnly}
        w={250}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  const day = text.slice(0, 10);
  const time = text.slice(11);
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <TextInput
        type="date"
        aria-label={label}
        value={day}
        error={error}
        readOnly={readOnly}
        max="9999-12-31"
        w={150}
        onChange={(event) => {
          const next = event.currentTarget.value;
          onChange(next === '' ? undefined : time ? `${next} ${time}` : next);
        }}
      />
      {withTime && day !== '' && (
        <TextInput
          type="time"
          aria-label={`${label}: time of day, if any`}
          value={time}
          readOnly={readOnly}
          w={110}
          onChange={(event) => onChange(event.currentTarget.value === '' ? day : `${day} ${event.currentTarget.value}`)}
        />
      )}
    </Group>
  );
}

// Whatever the operator takes.
export function ValueInput({
  label,
  model,
  field,
  type,
  op,
  value,
  error,
  ignoreCase = false,
  onChange,
}: {
  label: string;
  model: ModelShape | undefined;
  field: string; // whose values are suggested; '' for none
  type: FieldType;
  op: string;
  value: Value | undefined;
  error?: string | undefined;
  ignoreCase?: boolean;
  onChange: (value: Value | undefined) => void;
}) {
  const { known, readOnly } = useTools();
  const takes = takesOf(known.operators, op);
  const scalars = (value === undefined || isSpan(value) ? [] : Array.isArray(value) ? value : [value]) as readonly Scalar[];
  const [first, last] = scalars;
  const dayTime = type === 'timestamp' && op !== 'on';

  switch (takes) {
    case 'nothing':
      return null;
    case 'span':
      return (
        <SpanInput label={label} value={value} error={error} coarse={type === 'date' || op === 'anniversary_within'} onChange={onChange} />
      );
    case 'values':
      return <ValuesPicker label={label} model={model} field={field} type={type} value={scalars} error={error} onChange={onChange} />;
    case 'range': {
      const set = (index: 0 | 1, next: Value | undefined) => {
        const ends: [Scalar, Scalar] = [first ?? '', last ?? ''];
        ends[index] = (next ?? '') as Scalar;
        onChange(ends);
      };
      const input = (index: 0 | 1, name: string) =>
        isTime(type) ? (
          <DayInput
            label={`${label}: ${name}`}
            value={scalars[index]}
            error={index === 1 ? error : undefined}
            withTime={dayTime}
            onChange={(next) => set(index, next)}
          />
        ) : (
          <NumberInput
            label={`${label}: ${name}`}
            type={type}
            value={scalars[index]}
            error={index === 1 ? error : undefined}
            onChange={(next) => set(index, next)}
          />
        );
      return (
        <Group gap={6} align="flex-start">
          {input(0, 'from')}
          <Text size="sm" lh="36px">
            and
          </Text>
          {input(1, 'to')}
        </Group>
      );
    }
    case 'day':
      return <DayInput label={label} value={isSpan(value) ? undefined : first} error={error} withTime={dayTime} onChange={onChange} />;
    case 'text':
      return (
        <TextInput
          aria-label={label}
          value={textOf(first)}
          error={error}
          readOnly={readOnly}
          autoComplete="off"
          dir="auto"
          w={240}
          maw="100%"
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return isNumber(type) ? (
        <NumberInput label={label} type={type} value={first} error={error} onChange={onChange} />
      ) : isTime(type) ? (
        <DayInput label={label} value={first} error={error} withTime={dayTime} onChange={onChange} />
      ) : (
        <ValuePicker
          label={label}
          model={model}
          field={field}
          type={type}
          value={first}
          error={error}
          ignoreCase={ignoreCase}
          onChange={onChange}
        />
      );
  }
}
