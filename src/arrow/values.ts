import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

/** A byte order mark is a character of the value like any other. */
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** An exact decimal: `unscaled` × 10^−`scale`. */
export class DecimalValue {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number
  ) {}

  /** All digits of the scale: `-0.10`. */
  toString(): string {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, '0');
    const sign = this.unscaled < 0n ? '-' : '';
    const point = digits.length - this.scale;
    return this.scale > 0 ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}` : `${sign}${digits}`;
  }
}

/** A value of a row: 64-bit integers as bigint, dates as days and timestamps as bigint µs since the epoch. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | DecimalValue
  | ReadonlyMap<Value, Value>
  | readonly Value[]
  | { readonly [name: string]: Value };

export type Row = Readonly<Record<string, Value>>;

/** Reads the value of a row. */
export type Reader = (i: number) => Value;

/** The rows of a struct column, such as a record batch's. */
export function rowsOf(data: Data): Row[] {
  const read = structReader(data, Infinity);
  return Array.from({ length: data.length }, (_, i) => read(i) as Row);
}

/** Reads one Arrow array without the search for its chunk that `Vector.get` makes at every cell. */
export function readerOf(data: Data): Reader {
  return startsOf(data, Infinity);
}

/** Reads of texts, bytes, lists and maps the start alone: at least so many characters, bytes or items. */
export function startsOf(data: Data, most: number): Reader {
  const read = solidReaderOf(data, most);
  if (data.nullCount === 0) {
    return read;
  }
  const isThere = validityOf(data);
  return i => (isThere(i) ? read(i) : null);
}

/** Whether a row has a value. `Data.getValid` looks at the type anew for each one, which takes longer than the reading. */
export function validityOf(data: Data): (i: number) => boolean {
  const { type, nullBitmap, offset } = data;
  if (data.nullCount === 0) {
    return () => true;
  }
  if (DataType.isNull(type)) {
    return () => false;
  }
  return i => ((((nullBitmap as Uint8Array)[(offset + i) >> 3] ?? 0) >> ((offset + i) & 7)) & 1) === 1;
}

function structReader(data: Data, most: number): Reader {
  const readers = (data.type.children as { name: string }[]).map(({ name }, i): [string, Reader] => [
    name,
    startsOf(data.children[i] as Data, most)
  ]);
  return i => Object.fromEntries(readers.map(([name, read]) => [name, read(i)]));
}

function solidReaderOf(data: Data, most: number): Reader {
  const { type, values } = data;
  if (DataType.isNull(type)) {
    return () => null;
  }
  if (DataType.isBool(type)) {
    return i => (((values[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
  }
  if (DataType.isUtf8(type)) {
    // A character takes up to four bytes.
    return i => UTF8.decode(slice(data, i, 4 * most));
  }
  if (DataType.isBinary(type)) {
    return i => slice(data, i, most).slice();
  }
  if (DataType.isDecimal(type)) {
    return i => new DecimalValue(unscaledAt(data, i), type.scale);
  }
  if (DataType.isStruct(type)) {
    return structReader(data, most);
  }
  if (DataType.isList(type)) {
    const item = startsOf(data.children[0] as Data, most);
    return i => places(data, i, most).map(item);
  }
  if (DataType.isMap(type)) {
    const [keys, items] = (data.children[0] as Data).children.map(child => startsOf(child, most)) as [Reader, Reader];
    return i => new Map(places(data, i, most).map(j => [keys(j), items(j)]));
  }
  // Numbers, dates as days, timestamps as µs.
  return i => values[i];
}

function slice({ values, valueOffsets }: Data, i: number, most: number): Uint8Array {
  const start = valueOffsets[i] as number;
  return values.subarray(start, Math.min(start + most, valueOffsets[i + 1] as number));
}

/** Places of a list's items, or of a map's entries. */
function places({ valueOffsets }: Data, i: number, most: number): number[] {
  const start = valueOffsets[i] as number;
  return Array.from({ length: Math.min(most, (valueOffsets[i + 1] as number) - start) }, (_, j) => start + j);
}

/** The unscaled value of a decimal of 128 bits. */
export function unscaledAt({ values }: Data, i: number): bigint {
  const word = (j: number) => BigInt((values as Uint32Array)[4 * i + j] ?? 0);
  return BigInt.asIntN(128, word(0) | (word(1) << 32n) | (word(2) << 64n) | (word(3) << 96n));
}
