/** Kinds of 32-bit bitmaps, by their first two bytes (RoaringFormatSpec). */
const NO_RUNS = 12_346;
const WITH_RUNS = 12_347;
/** Bitmaps of fewer containers, where there are runs, have no table of offsets. */
const OFFSETS_FROM = 4;
const MAX_ARRAY = 4096;
const BITMAP_BYTES = 8192;
/** Rows of a file: more could not be counted exactly. */
const MAX_HIGH = 0x1fffff;

/**
 * Reads a portable 64-bit Roaring bitmap: how many 32-bit bitmaps, then each one's upper half and itself
 * (RoaringFormatSpec, Extension for 64-bit Implementations).
 *
 * Throws `Error` for one that is cut off, too long or out of order.
 */
export class RoaringReader {
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** All members, ascending. Stops with an error as soon as there are more than `most`. */
  rows(most: number): Float64Array {
    const rows: number[] = [];
    const bitmaps = Number(this.view.getBigUint64(this.take(8), true));
    let last = -1;
    for (let i = 0; i < bitmaps; i++) {
      const high = this.u32();
      if (high > MAX_HIGH || high <= last) {
        throw new Error('a bitmap is out of order');
      }
      last = high;
      this.bitmap(high * 2 ** 32, rows, most);
    }
    if (this.at !== this.bytes.length) {
      throw new Error(`${this.bytes.length - this.at} bytes are left over`);
    }
    return Float64Array.from(rows);
  }

  private bitmap(base: number, rows: number[], most: number): void {
    const cookie = this.u32();
    const hasRuns = (cookie & 0xffff) === WITH_RUNS;
    if (!hasRuns && cookie !== NO_RUNS) {
      throw new Error(`${cookie} is no kind of bitmap`);
    }
    const size = hasRuns ? (cookie >>> 16) + 1 : this.u32();
    const runFlags = hasRuns ? this.take((size + 7) >> 3) : null;
    const header = this.take(4 * size);
    if (!hasRuns || size >= OFFSETS_FROM) {
      this.take(4 * size);
    }
    for (let i = 0; i < size; i++) {
      const start = base + this.view.getUint16(header + 4 * i, true) * 0x10000;
      const count = this.view.getUint16(header + 4 * i + 2, true) + 1;
      const isRun = runFlags !== null && ((this.view.getUint8(runFlags + (i >> 3)) >> (i & 7)) & 1) === 1;
      if (rows.length + count > most) {
        throw new Error('it has more members than the log says');
      }
      if (isRun) {
        this.runs(start, rows);
      } else if (count > MAX_ARRAY) {
        this.bits(start, rows);
      } else {
        this.array(start, count, rows);
      }
    }
  }

  private array(start: number, count: number, rows: number[]): void {
    const at = this.take(2 * count);
    for (let i = 0; i < count; i++) {
      push(rows, start + this.view.getUint16(at + 2 * i, true));
    }
  }

  private bits(start: number, rows: number[]): void {
    const at = this.take(BITMAP_BYTES);
    for (let i = 0; i < BITMAP_BYTES * 8; i++) {
      if ((this.view.getUint8(at + (i >> 3)) >> (i & 7)) & 1) {
        push(rows, start + i);
      }
    }
  }

  private runs(start: number, rows: number[]): void {
    const count = this.view.getUint16(this.take(2), true);
    const at = this.take(4 * count);
    for (let i = 0; i < count; i++) {
      const first = this.view.getUint16(at + 4 * i, true);
      const more = this.view.getUint16(at + 4 * i + 2, true);
      if (first + more >= 0x10000) {
        throw new Error('a run leaves its container');
      }
      for (let j = first; j <= first + more; j++) {
        push(rows, start + j);
      }
    }
  }

  private u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** The place of the next bytes. */
  private take(length: number): number {
    const at = this.at;
    if (at + length > this.bytes.length) {
      throw new Error('it is cut off');
    }
    this.at += length;
    return at;
  }

  private at = 0;
  private readonly view: DataView;
}

function push(rows: number[], row: number): void {
  if (row <= (rows.at(-1) ?? -1)) {
    throw new Error('its members are out of order');
  }
  rows.push(row);
}
