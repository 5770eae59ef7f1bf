/** Lends some things to tasks, each to one at a time; where none is free that fits, tasks wait in order. */
export class Pool<T> {
  private readonly free: T[];
  private readonly waiting: IWaiting<T>[] = [];

  constructor(things: readonly T[]) {
    this.free = [...things];
  }

  /**
   * Runs the task with a thing that fits, of those that are free with the one that was used last.
   *
   * Throws the signal's reason when it is aborted while the task waits.
   */
  async use<R>(isFit: (thing: T) => boolean, task: (thing: T) => Promise<R>, signal: AbortSignal): Promise<R> {
    signal.throwIfAborted();
    const thing = await this.take(isFit, signal);
    try {
      signal.throwIfAborted();
      return await task(thing);
    } finally {
      this.give(thing);
    }
  }

  private take(isFit: (thing: T) => boolean, signal: AbortSignal): T | Promise<T> {
    const at = this.free.findLastIndex(isFit);
    if (at >= 0) {
      return this.free.splice(at, 1)[0] as T;
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(next), 1);
        reject(signal.reason);
      };
      const take = (thing: T) => {
        signal.removeEventListener('abort', leave);
        resolve(thing);
      };
      const next = { isFit, take };
      this.waiting.push(next);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  private give(thing: T): void {
    const at = this.waiting.findIndex(({ isFit }) => isFit(thing));
    if (at < 0) {
      this.free.push(thing);
    } else {
      this.waiting.splice(at, 1)[0]?.take(thing);
    }
  }
}

interface IWaiting<T> {
  isFit: (thing: T) => boolean;
  take: (thing: T) => void;
}
