import { DataType, TimeUnit } from 'apache-arrow';
import type { Data, Table } from 'apache-arrow';

import { TwinstoreError } from '../../../contract';

/** A value of a row: 64-bit integers as bigint, dates as days and timestamps as bigint µs since the epoch. */
export type Value =
  null | boolean | number | bigint | string | Uint8Array | readonly Value[] | { readonly [name: string]: Value };

export type Row = Readonly<Record<string, Value>>;

type Reader = (i: number) => Value;

const MS_PER_DAY = 86_400_000;

/**
 * The rows of a table as plain objects.
 *
 * @param columns Only these, also inside of structs (`add.path`); one that is not there is left out. Absent means all.
 */
export function rowsOf(table: Table, columns?: readonly string[]): Row[] {
  // Arrow gives a table without rows one batch whose nested columns have no children.
  const batches = table.batches.filter(({ numRows }) => numRows > 0);
  return batches.flatMap(batch => {
    const read = structReader(batch.data, columns);
    return Array.from({ length: batch.numRows }, (_, i) => read(i) as Row);
  });
}

function structReader(data: Data, columns?: readonly string[]): Reader {
  const readers = (data.type.children as { name: string }[]).flatMap(({ name }, i): [string, Reader][] => {
    const child = data.children[i];
    const wanted = columns === undefined || columns.includes(name);
    const inside = columns
      ?.filter(column => column.startsWith(`${name}.`))
      .map(column => column.slice(name.length + 1));
    return child === undefined || (!wanted && inside?.length === 0)
      ? []
      : [[name, readerOf(child, wanted ? undefined : inside)]];
  });
  return i => Object.fromEntries(readers.map(([name, read]) => [name, read(i)]));
}

/** Reads one Arrow array without the search for its chunk that `Vector.get` makes at every cell. */
function readerOf(data: Data, columns?: readonly string[]): Reader {
  const read = solidReaderOf(data, columns);
  return data.nullCount === 0 ? read : i => (data.getValid(i) ? read(i) : null);
}

function solidReaderOf(data: Data, columns?: readonly string[]): Reader {
  const { type, values } = data;
  if (DataType.isDictionary(type)) {
    const words = (data.dictionary?.data ?? []).flatMap(chunk =>
      Array.from({ length: chunk.length }, (_, i) => i).map(readerOf(chunk))
    );
    return i => words[values[i]] ?? null;
  }
  if (DataType.isNull(type)) {
    return () => null;
  }
  if (DataType.isBool(type)) {
    return i => (((values[(data.offset + i) >> 3] ?? 0) >> ((data.offset + i) & 7)) & 1) === 1;
  }
  if (DataType.isInt(type) || (DataType.isFloat(type) && type.precision > 0)) {
    return i => values[i];
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    return i => Buffer.from(slice(data, i)).toString('utf8');
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) {
    return i => slice(data, i).slice();
  }
  if (DataType.isDate(type)) {
    return type.unit === 0 ? i => values[i] : i => Number(values[i]) / MS_PER_DAY;
  }
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND) {
    return i => values[i];
  }
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.MILLISECOND) {
    return i => values[i] * 1000n;
  }
  if (DataType.isStruct(type)) {
    return structReader(data, columns);
  }
  if (DataType.isList(type)) {
    const item = readerOf(data.children[0] as Data);
    return i => range(data, i).map(item);
  }
  if (DataType.isMap(type)) {
    const [keys, items] = (data.children[0] as Data).children.map(child => readerOf(child));
    if (keys !== undefined && items !== undefined) {
      return i => Object.fromEntries(range(data, i).map(j => [String(keys(j)), items(j)]));
    }
  }
  // Decimals, and INT96 or nanosecond timestamps, which wrap outside 1677–2262 when they are decoded like this.
  throw new TwinstoreError('unsupported', `Columns of Arrow type ${type} are not read yet.`, 'Read them with Spark.');
}

function slice(data: Data, i: number): Uint8Array {
  return data.values.subarray(Number(data.valueOffsets[i]), Number(data.valueOffsets[i + 1]));
}

function range(data: Data, i: number): number[] {
  const start = Number(data.valueOffsets[i]);
  return Array.from({ length: Number(data.valueOffsets[i + 1]) - start }, (_, j) => start + j);
}
