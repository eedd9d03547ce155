import { Alert, Button, Collapse, Fieldset, Group, NativeSelect, NumberInput, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Problem } from '../../api/problem';
import { type Input, inputsOf, isInStore, kindText, looksLikeReference, type SourceKind, type Values } from '../../lib/source-forms';
import { Upload } from './Upload';

function Secret({ input, value, set, error }: { input: Input; value: Values[string] | undefined; set: (value: string | null) => void; error?: string }) {
  if (value === null)
    return (
      <Group align="flex-end" gap="sm">
        <TextInput label={input.label} value="Stored, and never shown again" readOnly variant="filled" flex={1} error={error} />
        <Button variant="default" onClick={() => set('')}>
          Replace the {input.label.toLowerCase()}
        </Button>
      </Group>
    );
  const text = typeof value === 'string' ? value : '';
  return (
    <Stack gap={4}>
      <PasswordInput
        label={input.label}
        description={input.hint}
        value={text}
        onChange={(event) => set(event.currentTarget.value)}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': `Show the ${input.label.toLowerCase()}` }}
        error={error}
      />
      {looksLikeReference(text) && <ReferenceNote />}
    </Stack>
  );
}

/** References are read in catalog files alone. */
export function ReferenceNote() {
  return (
    <Alert color="yellow" variant="light" title="This is kept letter by letter">
      <Text size="sm">
        What is typed here is taken as it is. A reference such as {'${NAME}'} or file:PATH is followed only in a catalog file that is applied on the server.
      </Text>
    </Alert>
  );
}

function One({ input, value, set, error }: { input: Input; value: Values[string] | undefined; set: (value: Values[string]) => void; error?: string }) {
  const text = typeof value === 'string' ? value : '';
  const common = { label: input.label, description: input.hint, error, required: input.required, withAsterisk: input.required };
  if (input.kind === 'secret') return <Secret input={input} value={value} set={set} error={error} />;
  if (input.kind === 'flag')
    return (
      <NativeSelect
        {...common}
        value={value === true ? 'yes' : value === false ? 'no' : ''}
        onChange={(event) => set(event.currentTarget.value === '' ? '' : event.currentTarget.value === 'yes')}
        data={[{ value: '', label: 'Not set' }, { value: 'yes', label: 'Yes' }, { value: 'no', label: 'No' }]}
      />
    );
  if (input.words.length > 0)
    return (
      <NativeSelect {...common} value={text} onChange={(event) => set(event.currentTarget.value)} data={[{ value: '', label: 'Not set' }, ...input.words]} />
    );
  if (input.kind === 'port' || input.kind === 'lines')
    return (
      <NumberInput
        {...common}
        value={text}
        onChange={(number) => set(String(number))}
        placeholder={input.placeholder}
        min={input.kind === 'port' ? 1 : 0}
        max={input.kind === 'port' ? 65_535 : undefined}
        allowDecimal={false}
        hideControls
      />
    );
  return (
    <TextInput {...common} value={text} onChange={(event) => set(event.currentTarget.value)} placeholder={input.placeholder} autoComplete="off" spellCheck={false} dir="auto" />
  );
}

/** What a kind of source is asked for. What is rarely needed is folded away. */
export function SourceForm({
  kind,
  values,
  onChange,
  problem,
}: {
  kind: SourceKind;
  values: Values;
  onChange: (values: Values) => void;
  problem?: Problem;
}) {
  const inputs = inputsOf(kind);
  const path = typeof values.path === 'string' ? values.path : '';
  const inStore = isInStore(path);
  const rare = inputs.filter((one) => one.section === 'more');
  const isWrong = (one: Input) => problem?.at(`/${one.key}`);
  const [more, setMore] = useState(false);
  const shown = more || rare.some(isWrong);
  const show = (input: Input) => (
    <One key={input.key} input={input} value={values[input.key]} set={(value) => onChange({ ...values, [input.key]: value })} error={isWrong(input)} />
  );
  const isStored = inputs.some((one) => one.section === 'store' && values[one.key] !== undefined && values[one.key] !== '');
  return (
    <Stack>
      {kind.of_files && !inStore && <Upload kind={kind.kind} path={path} onPath={(value) => onChange({ ...values, path: value })} />}
      {inputs.filter((one) => one.section === 'main').map(show)}
      {(inStore || isStored) && (
        <Fieldset legend="Object store">
          <Stack>{inputs.filter((one) => one.section === 'store').map(show)}</Stack>
        </Fieldset>
      )}
      {rare.length > 0 && (
        <div>
          <Button variant="default" size="compact-sm" onClick={() => setMore(!shown)} aria-expanded={shown}>
            {shown ? 'Fewer settings' : `More settings for ${kindText(kind.kind).title}`}
          </Button>
          <Collapse expanded={shown} transitionDuration={0}>
            <Stack mt="sm">{rare.map(show)}</Stack>
          </Collapse>
        </div>
      )}
    </Stack>
  );
}
