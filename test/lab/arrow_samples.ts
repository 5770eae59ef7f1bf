import {
  DateDay,
  Decimal,
  Field,
  Float64,
  Int64,
  makeBuilder,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8
} from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';
import type { IPreviewEnd } from '../../src/contract';
import { encodeFrame, encodeJsonFrame } from '../../src/contract';

function column(type: DataType, values: readonly unknown[]): Data {
  const builder = makeBuilder({ type, nullValues: [null] });
  values.forEach(value => builder.append(value));
  return builder.finish().flush();
}

/** A decimal of 128 bits as its four words. */
function words(unscaled: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], shift => Number(BigInt.asUintN(32, unscaled >> shift)));
}

export const SCHEMA = new Schema([
  new Field('id', new Int64(), false),
  new Field('price', new Decimal(2, 10, 128), true),
  new Field('day', new DateDay(), true),
  new Field('name', new Utf8(), true),
  new Field('weight', new Float64(), true)
]);

export interface ISampleRow {
  id: bigint;
  price: bigint | null;
  name: string | null;
  weight: number | null;
}

export function aBatch(rows: readonly ISampleRow[]): RecordBatch {
  const children = [
    column(
      SCHEMA.fields[0]!.type,
      rows.map(({ id }) => id)
    ),
    column(
      SCHEMA.fields[1]!.type,
      rows.map(({ price }) => (price === null ? null : words(price)))
    ),
    column(
      SCHEMA.fields[2]!.type,
      rows.map(() => new Date(Date.UTC(2014, 1, 27)))
    ),
    column(
      SCHEMA.fields[3]!.type,
      rows.map(({ name }) => name)
    ),
    column(
      SCHEMA.fields[4]!.type,
      rows.map(({ weight }) => weight)
    )
  ];
  return new RecordBatch(
    SCHEMA,
    makeData({ type: new Struct(SCHEMA.fields), length: rows.length, nullCount: 0, children })
  );
}

export const ROWS: readonly ISampleRow[] = [
  { id: 9007199254740993n, price: 110n, name: 'b', weight: 2 },
  { id: 2n, price: null, name: 'null', weight: NaN },
  { id: 3n, price: -5n, name: null, weight: null }
];

/** Batches as one Arrow IPC stream. */
export function ipc(...batches: RecordBatch[]): Uint8Array {
  return tableToIPC(batches.length === 0 ? new Table(SCHEMA) : new Table(batches), 'stream');
}

/** A preview as it travels: the stream cut at an awkward place, then its end. */
export function framesOf(end: IPreviewEnd, ...batches: RecordBatch[]): Uint8Array[] {
  const bytes = ipc(...batches);
  return [
    encodeJsonFrame('progress', { bytes: 1024, planned_bytes: 2048, rows: 0 }),
    encodeFrame('arrow', bytes.subarray(0, 13)),
    encodeFrame('arrow', bytes.subarray(13)),
    encodeJsonFrame('end', end)
  ];
}
