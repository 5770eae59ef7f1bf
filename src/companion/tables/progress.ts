import { setTimeout as sleep } from 'node:timers/promises';

import type { IReadProgress } from '../../contract';
import type { Part } from '../streamed';

/** How often progress is told. */
const EVERY_MS = 250;

/**
 * Pieces of Arrow as they come, and between them how far the work is, whenever it went on. Work that goes nowhere tells
 * nothing, so that a deadline for silence holds.
 */
export async function* withProgress(
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
  progress: () => IReadProgress
): AsyncGenerator<Part, void, undefined> {
  let told = JSON.stringify(progress());
  try {
    for (;;) {
      const next = pieces.next();
      // An error is told where it is awaited, also when nobody comes back for it.
      next.catch(() => undefined);
      for (let piece = await orLater(next); ; piece = await orLater(next)) {
        if (piece !== null) {
          if (piece.done === true) {
            return;
          }
          yield { arrow: piece.value };
          break;
        }
        const now = progress();
        if (JSON.stringify(now) !== told) {
          told = JSON.stringify(now);
          yield { progress: now };
        }
      }
    }
  } finally {
    await pieces.return();
  }
}

/** Null when it takes longer than the time after which progress is told. */
async function orLater<T>(work: Promise<T>): Promise<T | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(EVERY_MS, null, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
