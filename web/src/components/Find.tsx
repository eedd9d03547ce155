import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';

const step = 50;

// A list that is searched by what its rows say, and shown piece by piece.
export function Find<T>({
  rows,
  text,
  label,
  beside,
  children,
}: {
  rows: T[];
  text: (row: T) => string;
  label: string;
  beside?: ReactNode;
  children: (rows: T[]) => ReactNode;
}) {
  const [word, setWord] = useState('');
  const [shown, setShown] = useState(step);
  const wanted = word.trim().toLowerCase();
  const found = wanted ? rows.filter((row) => text(row).toLowerCase().includes(wanted)) : rows;
  return (
    <>
      {(rows.length > 5 || word || beside) && (
        <Group mb="md" align="flex-end">
          <TextInput
            label={label}
            placeholder="Name or part of it"
            w={{ base: '100%', xs: 280 }}
            value={word}
            onChange={(event) => {
              setWord(event.currentTarget.value);
              setShown(step);
            }}
          />
          {beside}
        </Group>
      )}
      {children(found.slice(0, shown))}
      {found.length > shown && (
        <Button variant="default" mt="md" onClick={() => setShown(shown + step)}>
          Show {Math.min(step, found.length - shown)} more of {found.length}
        </Button>
      )}
    </>
  );
}
