/** The server's clock: the machine's, moved by what a test adds to it. */
export class Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number {
    return Date.now() + this.addedMs;
  }

  /** Whole seconds since the epoch, in which times to live are counted. */
  nowS(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** Microseconds since the epoch, never the same twice: the server's own write timestamps. */
  stampUs(): bigint {
    const now = BigInt(this.nowMs()) * 1000n;
    this.lastUs = now > this.lastUs ? now : this.lastUs + 1n;
    return this.lastUs;
  }

  advance(ms: number): void {
    this.addedMs += ms;
  }

  private addedMs = 0;
  private lastUs = 0n;
}
