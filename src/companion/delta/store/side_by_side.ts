import { setMaxListeners } from 'node:events';

/** Does the same with each of some things at once; when it fails with one, the others are given up. */
export async function sideBySide<T, R>(
  things: readonly T[],
  signal: AbortSignal,
  work: (thing: T, either: AbortSignal, i: number) => Promise<R>
): Promise<R[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  setMaxListeners(0, either);
  try {
    return await Promise.all(things.map((thing, i) => work(thing, either, i)));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
