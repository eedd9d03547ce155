import { expect, test } from 'vitest';
import { pool } from './pool';

test('all are worked through, never more than so many at once', async () => {
  let now = 0;
  let most = 0;
  const done: number[] = [];
  await pool([1, 2, 3, 4, 5], 2, new AbortController().signal, async (one) => {
    most = Math.max(most, ++now);
    await new Promise((go) => setTimeout(go, 1));
    done.push(one);
    now--;
  });
  expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('nothing more is begun once it is cancelled', async () => {
  const stop = new AbortController();
  const done: number[] = [];
  await pool([1, 2, 3], 1, stop.signal, async (one) => {
    done.push(one);
    if (one === 2) stop.abort();
  });
  expect(done).toEqual([1, 2]);
});
