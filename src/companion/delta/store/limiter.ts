import { Pool } from './pool';

/** Lets at most `limit` tasks run at once; the others wait in order. */
export class Limiter {
  private readonly places: Pool<null>;

  constructor(limit: number) {
    this.places = new Pool(new Array<null>(limit).fill(null));
  }

  /** Runs the task when there is room. Throws the signal's reason when it is aborted while it waits. */
  run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.places.use(() => true, task, signal);
  }
}
