/** Bits of the longest numbers that are read: a dictionary has millions of values then. */
export const MAX_WIDTH = 24;

/**
 * Numbers of some bits each in runs of equal ones and runs of packed ones (parquet-format, Encodings, RLE). Any can be
 * looked at, in ascending order, without those between.
 *
 * Throws `Error` where the bytes end too early.
 */
export class Runs {
  /** @param width Bits of a number, at most `MAX_WIDTH`. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly width: number
  ) {}

  at(place: number): number {
    while (place >= this.end) {
      this.nextRun();
    }
    return this.packed < 0
      ? this.value
      : bitsAt(this.bytes, 8 * this.packed + (place - this.start) * this.width, this.width);
  }

  /** Of numbers of one bit: how many before a place are 1. */
  onesBefore(place: number): number {
    while (this.counted < place) {
      this.ones += this.at(this.counted);
      this.counted += 1;
      if (this.packed < 0) {
        // All that are left of the run are equal.
        const next = Math.min(place, this.end);
        this.ones += this.value * (next - this.counted);
        this.counted = next;
      }
    }
    return this.ones;
  }

  private nextRun(): void {
    const { bytes, width } = this;
    const head = this.varint();
    const count = Math.floor(head / 2);
    this.start = this.end;
    if (head % 2 === 1) {
      this.packed = this.next;
      this.next += count * width;
      this.end += count * 8;
    } else {
      this.packed = -1;
      const size = (width + 7) >> 3;
      this.value = bitsAt(bytes, 8 * this.next, 8 * size);
      if (this.value >= 2 ** width) {
        throw new Error(`${this.value} in numbers of ${width} bits`);
      }
      this.next += size;
      this.end += count;
    }
  }

  private varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.next++];
      if (byte === undefined) {
        throw endsEarly();
      }
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        return value;
      }
    }
  }

  /** Where the run after this one starts, in bytes. */
  private next = 0;
  /** Places [start, end) of this run. */
  private start = 0;
  private end = 0;
  /** Where its packed numbers start, in bytes; negative where all are equal to `value`. */
  private packed = -1;
  private value = 0;
  /** Ones before the place `counted`. */
  private ones = 0;
  private counted = 0;
}

/** A number of up to 24 bits, the least significant ones first. */
function bitsAt(bytes: Uint8Array, start: number, width: number): number {
  const shift = start % 8;
  const first = (start - shift) / 8;
  if (start + width > 8 * bytes.length) {
    throw endsEarly();
  }
  let word = 0;
  for (let i = 0, bits = shift + width; bits > 0; i++, bits -= 8) {
    word |= (bytes[first + i] as number) << (8 * i);
  }
  return (word >>> shift) & ((1 << width) - 1);
}

function endsEarly(): Error {
  return new Error('a page ends before its values do');
}
