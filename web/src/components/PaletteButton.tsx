import { Button, Kbd, Text, VisuallyHidden } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { lazy, Suspense } from 'react';

const Palette = lazy(() => import('./Palette'));

// Opens the search over everything, also by Ctrl-K.
export function PaletteButton() {
  const [opened, { open, close }] = useDisclosure();
  useHotkeys([['mod+K', open]], []);
  return (
    <>
      <Button variant="default" size="compact-md" fw={400} onClick={open} aria-keyshortcuts="Control+K">
        <Text size="sm" c="dimmed" mr={{ base: 0, sm: 8 }}>
          Search
        </Text>
        <VisuallyHidden>objects and pages</VisuallyHidden>
        <Kbd size="xs" visibleFrom="sm" aria-hidden>
          Ctrl K
        </Kbd>
      </Button>
      {opened && (
        <Suspense fallback={null}>
          <Palette onClose={close} />
        </Suspense>
      )}
    </>
  );
}
