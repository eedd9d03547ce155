import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { checkObject } from '../api/catalog';
import { useMay } from '../api/queries';
import type { ObjectKind } from '../lib/uses';
import { Findings } from './Findings';
import { Problem } from './Problem';

export const useTest = (kind: ObjectKind, uid: string) => useMutation({ mutationFn: () => checkObject(kind, uid) });
type Test = ReturnType<typeof useTest>;

/** What can be done with any object, beside what its page adds. */
export function ObjectActions({ test, onRemove, children }: { test: Test; onRemove: () => void; children?: ReactNode }) {
  const mayTest = useMay('operator');
  const mayEdit = useMay('editor');
  return (
    <>
      {mayTest && (
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test
        </Button>
      )}
      {children}
      {mayEdit && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" aria-label="More">
              …
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item c="red" onClick={onRemove}>
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}

/** What the test found. */
export function Tested({ test, about }: { test: Test; about: string }) {
  return (
    <>
      {test.isError && <Problem error={test.error} />}
      {test.data && <Findings found={test.data} about={about} />}
    </>
  );
}
