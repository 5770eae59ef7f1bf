import { thrift } from '../../../src/companion/delta/parquet/thrift';

/** A required column inside of the struct `s`. */
export interface IRawColumn {
  name: string;
  id: number;
  /** Number of its physical type in parquet-format. */
  type: number;
  /** Its values, plainly encoded. */
  values: Uint8Array;
}

export const INT32 = 1;
export const INT96 = 3;

/** Instants as Parquet's INT96: nanoseconds of the day, Julian day. */
export function int96(...instants: string[]): Uint8Array {
  const bytes = Buffer.alloc(12 * instants.length);
  instants.forEach((instant, i) => {
    const ms = Date.parse(instant);
    const day = Math.floor(ms / 86_400_000);
    bytes.writeBigInt64LE(BigInt(ms - day * 86_400_000) * 1_000_000n, 12 * i);
    bytes.writeInt32LE(day + 2_440_588, 12 * i + 8);
  });
  return bytes;
}

/**
 * A Parquet file of one struct, `s`, with what other writers of the tests cannot write: INT96, field ids, and footers
 * that claim more rows than there are.
 */
export function rawParquet(
  columns: readonly IRawColumn[],
  rows: number,
  pairs: Readonly<Record<string, string>> = {}
): Uint8Array {
  const magic = Buffer.from('PAR1');
  const pages = columns.map(({ values }) => {
    const page = thrift.struct({ 1: thrift.i32(rows), 2: thrift.i32(0), 3: thrift.i32(3), 4: thrift.i32(3) });
    const size = thrift.i32(values.length);
    return Buffer.concat([Buffer.from(thrift.struct({ 1: thrift.i32(0), 2: size, 3: size, 5: page }).bytes), values]);
  });
  let at = magic.length;
  const chunks = columns.map(({ name, type }, i) => {
    const { length } = pages[i] as Buffer;
    const metadata = thrift.struct({
      1: thrift.i32(type),
      2: thrift.list([thrift.i32(0)]),
      3: thrift.list([thrift.text('s'), thrift.text(name)]),
      4: thrift.i32(0),
      5: thrift.i64(rows),
      6: thrift.i64(length),
      7: thrift.i64(length),
      9: thrift.i64(at)
    });
    at += length;
    return thrift.struct({ 2: thrift.i64(at - length), 3: metadata });
  });
  const leaves = columns.map(({ name, id, type }) =>
    thrift.struct({ 1: thrift.i32(type), 3: thrift.i32(0), 4: thrift.text(name), 9: thrift.i32(id) })
  );
  const struct = thrift.struct({
    3: thrift.i32(0),
    4: thrift.text('s'),
    5: thrift.i32(columns.length),
    9: thrift.i32(1)
  });
  const root = thrift.struct({ 4: thrift.text('root'), 5: thrift.i32(1) });
  const group = thrift.struct({ 1: thrift.list(chunks), 2: thrift.i64(at), 3: thrift.i64(rows) });
  const told = Object.entries(pairs).map(([key, value]) =>
    thrift.struct({ 1: thrift.text(key), 2: thrift.text(value) })
  );
  const footer = thrift.struct({
    1: thrift.i32(1),
    2: thrift.list([root, struct, ...leaves]),
    3: thrift.i64(rows),
    4: thrift.list([group]),
    5: thrift.list(told)
  }).bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([magic, ...pages, Buffer.from(footer), length, magic]);
}
