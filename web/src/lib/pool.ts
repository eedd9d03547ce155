// Works through `all`, at most `many` at a time, and ends early when `signal` says so.
export async function pool<T>(
  all: readonly T[],
  many: number,
  signal: AbortSignal,
  work: (one: T) => Promise<void>,
): Promise<void> {
  let at = 0;
  const worker = async () => {
    while (at < all.length && !signal.aborted) await work(all[at++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(many, all.length) }, worker));
}
