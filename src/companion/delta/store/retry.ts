import { setTimeout as sleep } from 'node:timers/promises';

export interface IRetryOptions {
  /** Tries in all. */
  attempts: number;
  isTransient: (error: unknown) => boolean;
  /** Uniform in [0, 1). */
  random: () => number;
  signal: AbortSignal;
}

/** Tries again after transient errors, waiting a random part of 100, 200, 400 … ms (full jitter). */
export async function retry<T>(task: () => Promise<T>, options: IRetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      options.signal.throwIfAborted();
      if (attempt >= options.attempts || !options.isTransient(error)) {
        throw error;
      }
      const delayMs = options.random() * 100 * 2 ** (attempt - 1);
      await sleep(delayMs, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
    }
  }
}
