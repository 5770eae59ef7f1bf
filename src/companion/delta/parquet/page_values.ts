import { isUtf8 } from 'node:buffer';

import { measured, pageAt } from './page';
import type { IOpenPage, PageCodec } from './page';
import { MAX_WIDTH, Runs } from './runs';

/** Values of a flat column that are wanted of some pages. */
export interface IWantedValues {
  /** Bytes of a value; 0 for booleans, null where each value has a length of its own. */
  width: number | null;
  isText: boolean;
  isNullable: boolean;
  codec: PageCodec;
  /** Whole pages, one after the other: a dictionary, if any needs it, then data. */
  pages: readonly Uint8Array<ArrayBuffer>[];
  /** Rows of these pages. */
  rows: number;
  /** Which of them are wanted, ascending. */
  places: Uint32Array;
}

/** Values in the layout of an Arrow column, as Parquet has them: numbers of 32 bits, decimals in big endian. */
export interface IPageValues {
  length: number;
  values: Uint8Array<ArrayBuffer>;
  /** Where values with lengths of their own start and end. */
  offsets: Int32Array<ArrayBuffer> | null;
  nulls: number;
  /** Bits that are 1 where there is a value. */
  validity: Uint8Array<ArrayBuffer>;
}

/**
 * Takes some values of pages without decoding the others. Null where a page has an encoding that is not read here,
 * whatever its footer says.
 *
 * Damaged pages may take long, so only the worker and tests call it. Throws `Error` where that is seen.
 */
export function pageValues(wanted: IWantedValues): IPageValues | null {
  const { pages, codec, isNullable, width, rows, places } = wanted;
  const column = new TakenColumn(width, places.length);
  let dictionary: PlainValues | null = null;
  let before = 0;
  let next = 0;
  for (const bytes of pages) {
    for (let at = 0; at < bytes.length;) {
      const page = pageAt(bytes, at, codec, isNullable);
      at = page.end;
      if (page.kind === 'dictionary') {
        dictionary = new PlainValues((page.open() as IOpenPage).values, width, page.count);
      } else if (page.kind === 'data') {
        const first = next;
        while (next < places.length && (places[next] as number) < before + page.count) {
          next++;
        }
        if (next > first) {
          const open = page.open();
          const source = open && sourceOf(open, width, page.count, dictionary);
          if (open === null || source === null) {
            return null;
          }
          for (let i = first; i < next; i++) {
            column.take(i, (places[i] as number) - before, open.levels, source);
          }
        }
        before += page.count;
      }
    }
  }
  if (before !== rows || next !== places.length) {
    throw new Error(`there are ${before} rows in the pages of ${rows}`);
  }
  return column.taken(wanted.isText);
}

/** Values, and by which number each one of a page is found among them. */
interface ISource {
  values: PlainValues;
  numberOf: (i: number) => number;
}

function sourceOf(
  page: IOpenPage,
  width: number | null,
  count: number,
  dictionary: PlainValues | null
): ISource | null {
  const { encoding, values } = page;
  switch (encoding) {
    case 'plain':
      return { values: new PlainValues(values, width, count), numberOf: i => i };
    case 'dictionary': {
      if (dictionary === null) {
        throw new Error('a page needs a dictionary that is not there');
      }
      const [bits = 0] = values;
      if (bits > MAX_WIDTH) {
        return null;
      }
      const numbers = new Runs(values.subarray(1), bits);
      return { values: dictionary, numberOf: i => numbers.at(i) };
    }
    case 'runs': {
      if (width !== 0) {
        return null;
      }
      const [bits] = measured(values);
      const numbers = new Runs(bits, 1);
      return { values: TRUTHS, numberOf: i => numbers.at(i) };
    }
  }
}

/** Values one after the other (parquet-format, Encodings, PLAIN). */
class PlainValues {
  constructor(
    readonly bytes: Uint8Array,
    private readonly width: number | null,
    private readonly count: number
  ) {}

  /** Where a value's bytes start; of a boolean, the place of its bit. */
  startOf(i: number): number {
    const { bytes, width, count, starts } = this;
    if (i >= count) {
      throw new Error(`there is no value ${i} among ${count}`);
    }
    if (width !== null) {
      const start = i * width;
      if (width === 0 ? i >= 8 * bytes.length : start + width > bytes.length) {
        throw new Error('a page ends before its values do');
      }
      return width === 0 ? i : start;
    }
    while (starts.length < i + 2) {
      const start = starts.at(-1) as number;
      const [a, b, c, d] = [bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3]];
      const end =
        start + 4 + ((a as number) + (b as number) * 2 ** 8 + (c as number) * 2 ** 16 + (d as number) * 2 ** 24);
      if (!(end <= bytes.length)) {
        throw new Error('a page ends before its values do');
      }
      starts.push(end);
    }
    return (starts[i] as number) + 4;
  }

  endOf(i: number): number {
    return this.starts[i + 1] as number;
  }

  /** Of values with their length before them: where each one starts, as far as was looked. */
  private readonly starts: number[] = [0];
}

/** The booleans by their numbers. */
const TRUTHS = new PlainValues(Uint8Array.of(0b10), 0, 2);

/** The values that were taken so far, as an Arrow column. */
class TakenColumn {
  constructor(
    private readonly width: number | null,
    private readonly length: number
  ) {
    this.values = new Uint8Array(width === 0 ? (length + 7) >> 3 : length * (width ?? 16));
    this.offsets = width === null ? new Int32Array(length + 1) : null;
    this.validity = new Uint8Array((length + 7) >> 3);
  }

  /** @param place In its page. */
  take(i: number, place: number, levels: Runs | null, { values, numberOf }: ISource): void {
    const before = levels?.onesBefore(place) ?? place;
    if (levels === null || levels.at(place) === 1) {
      this.validity[i >> 3] = (this.validity[i >> 3] as number) | (1 << (i & 7));
      this.put(i, values, numberOf(before));
    } else {
      this.nulls += 1;
    }
    if (this.offsets !== null) {
      this.offsets[i + 1] = this.end;
    }
  }

  taken(isText: boolean): IPageValues {
    const { length, offsets, nulls, validity } = this;
    const values = offsets === null ? this.values : this.values.slice(0, this.end);
    if (isText && offsets !== null && !areTexts(values, offsets)) {
      throw new Error('a text is not UTF-8');
    }
    return { length, values, offsets, nulls, validity };
  }

  private put(i: number, from: PlainValues, number: number): void {
    const { width } = this;
    const start = from.startOf(number);
    if (width === 0) {
      const bit = ((from.bytes[start >> 3] as number) >> (start & 7)) & 1;
      this.values[i >> 3] = (this.values[i >> 3] as number) | (bit << (i & 7));
    } else if (width !== null) {
      for (let j = 0; j < width; j++) {
        this.values[i * width + j] = from.bytes[start + j] as number;
      }
    } else {
      const bytes = from.bytes.subarray(start, from.endOf(number));
      this.reserve(bytes.length);
      this.values.set(bytes, this.end);
      this.end += bytes.length;
    }
  }

  private reserve(more: number): void {
    const least = this.end + more;
    if (least > MAX_BYTES) {
      throw new Error('the values take more than 2 GiB');
    }
    if (least > this.values.length) {
      const larger = new Uint8Array(Math.max(least, 2 * this.values.length));
      larger.set(this.values);
      this.values = larger;
    }
  }

  private values: Uint8Array<ArrayBuffer>;
  private readonly offsets: Int32Array<ArrayBuffer> | null;
  private readonly validity: Uint8Array<ArrayBuffer>;
  private nulls = 0;
  private end = 0;
}

/** What the offsets of an Arrow column can tell. */
const MAX_BYTES = 2 ** 31 - 1;

/** Whether each text is UTF-8: all together, and none starts within a character. */
function areTexts(values: Uint8Array, offsets: Int32Array): boolean {
  return isUtf8(values) && offsets.every(start => ((values[start] ?? 0) & 0xc0) !== 0x80);
}
