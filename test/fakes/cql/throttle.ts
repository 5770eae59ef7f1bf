import type { Clock } from './clock';
import type { IThrottle } from './rules';

/** Decides which requests time out, as a table's capacity and chance have it. */
export class Throttle {
  constructor(
    private readonly settings: IThrottle | null,
    private readonly clock: Clock
  ) {
    this.random = randomNumbers(settings?.seed ?? 0);
  }

  /** What becomes of a write: done, or timed out, and then kept or lost. */
  write(table: string, units: number): 'done' | 'kept' | 'lost' {
    const { settings } = this;
    if (settings === null || this.passes(settings.write_timeouts, settings.writes_per_s, `write ${table}`, units)) {
      return 'done';
    }
    return this.random() < settings.kept ? 'kept' : 'lost';
  }

  /** Whether a read is answered. */
  read(table: string, units: number): boolean {
    const { settings } = this;
    return settings === null || this.passes(settings.read_timeouts, settings.reads_per_s, `read ${table}`, units);
  }

  private passes(timeouts: number, perSecond: number | null, bucket: string, units: number): boolean {
    return this.random() >= timeouts && (perSecond === null || this.takes(bucket, perSecond, units));
  }

  /** A bucket that holds a second's worth and fills as time passes. */
  private takes(name: string, perSecond: number, units: number): boolean {
    const nowMs = this.clock.nowMs();
    const bucket = this.buckets.get(name) ?? { left: perSecond, atMs: nowMs };
    bucket.left = Math.min(perSecond, bucket.left + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    this.buckets.set(name, bucket);
    const takes = bucket.left >= units;
    bucket.left -= takes ? units : 0;
    return takes;
  }

  private readonly random: () => number;
  private readonly buckets = new Map<string, { left: number; atMs: number }>();
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
