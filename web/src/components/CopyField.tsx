import { Button, Group, TextInput } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useRef } from 'react';

// A text that is to be taken elsewhere, whole. Where the browser lets no page copy (plain HTTP), it is selected.
export function CopyField({ label, value }: { label: string; value: string }) {
  const clipboard = useClipboard({ timeout: 4000 });
  const field = useRef<HTMLInputElement>(null);
  const copy = () => {
    clipboard.copy(value);
    field.current?.select();
  };
  const said = clipboard.copied ? 'Copied' : clipboard.error ? 'Press Ctrl-C' : 'Copy';
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <TextInput
        ref={field}
        label={label}
        value={value}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
        style={{ flex: 1, minWidth: 0 }}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      <Button variant={clipboard.copied ? 'default' : 'filled'} onClick={copy} aria-live="polite" style={{ flexShrink: 0 }} data-autofocus>
        {said}
      </Button>
    </Group>
  );
}
