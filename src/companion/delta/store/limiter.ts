/** Lets at most `limit` tasks run at once; the others wait in order. */
export class Limiter {
  constructor(private readonly limit: number) {}

  /** Runs the task when there is room. Throws the signal's reason when it is aborted while it waits. */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.enter(signal);
    try {
      return await task();
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private async enter(signal: AbortSignal): Promise<void> {
    while (true) {
      signal.throwIfAborted();
      if (this.running < this.limit) {
        this.running += 1;
        return;
      }
      await new Promise<void>(resolve => {
        const wake = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          this.waiting.splice(this.waiting.indexOf(wake), 1);
          resolve();
        };
        this.waiting.push(wake);
        signal.addEventListener('abort', leave, { once: true });
      });
    }
  }

  private running = 0;
  private readonly waiting: (() => void)[] = [];
}
