import {
  DateDay,
  Decimal,
  Field,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8
} from 'apache-arrow';
import type { IPreviewEnd } from '../../src/contract';
import { encodeFrame, encodeJsonFrame } from '../../src/contract';
import { column, words } from '../arrow/samples';

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

/** Rows with a column `id` and a nested one, `tags`. */
export function aNestedBatch(): RecordBatch {
  const fields = [new Field('id', new Int64()), new Field('tags', new List(new Field('element', new Utf8())))];
  const values = [
    [1n, 2n],
    [['b'], ['a']]
  ];
  const children = fields.map(({ type }, i) => column(type, values[i]!));
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length: 2, nullCount: 0, children }));
}

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
