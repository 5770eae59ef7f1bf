import { readRanges, spansOf } from '../store';
import type { IObjectStore, IRange } from '../store';
import { damagedFile } from './damaged_file';

/** What the end of a file that is read first should hold: the footer and the page index of most files. */
const TAIL = 256 * 1024;

/** Ranges of one file; its end is read once and kept. */
export class FileBytes {
  /** @param size Bytes, as the log says. */
  static async open(store: IObjectStore, location: string, size: number, signal: AbortSignal): Promise<FileBytes> {
    const start = Math.max(0, size - TAIL);
    const tail = await store.read(location, { range: { start, end: size }, limit: size - start, signal });
    return new FileBytes(store, location, size, tail);
  }

  private constructor(
    private readonly store: IObjectStore,
    readonly location: string,
    readonly size: number,
    readonly tail: Uint8Array
  ) {}

  /** Throws `store_failed` for a range that no file of this size has. */
  async read(ranges: readonly IRange[], signal: AbortSignal): Promise<Uint8Array[]> {
    const beyond = ranges.find(({ start, end }) => start < 0 || end < start || end > this.size);
    if (beyond !== undefined) {
      throw damagedFile(this.location, `its footer names the bytes ${beyond.start} to ${beyond.end}`);
    }
    const { tailStart } = this;
    const away = this.away(ranges);
    const read = await readRanges(this.store, this.location, away, signal);
    return ranges.map(range => {
      const i = away.indexOf(range);
      return i < 0 ? this.tail.subarray(range.start - tailStart, range.end - tailStart) : (read[i] as Uint8Array);
    });
  }

  /** Bytes that reading some ranges takes. */
  costOf(ranges: readonly IRange[]): number {
    return spansOf(this.away(ranges)).reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Those that are not in the end, which is known. */
  private away(ranges: readonly IRange[]): readonly IRange[] {
    return ranges.filter(({ start }) => start < this.tailStart);
  }

  private get tailStart(): number {
    return this.size - this.tail.length;
  }
}
