import {
  Dictionary,
  Field,
  Int32,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  Table,
  tableToIPC,
  TimestampMicrosecond,
  Utf8
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import type { LogicalType, SchemaElement } from 'hyparquet';
import {
  CompressionCodecs,
  ConvertedTypes,
  Encodings,
  FieldRepetitionTypes,
  ParquetTypes
} from 'hyparquet/src/constants.js';

import { FIELD_ID } from '../arrow';
import type { IColumn } from './metadata';
import { holdsInt96 } from './planner';
import type { IColumnPlan, ILeafPlan } from './planner';
import { thrift } from './thrift';
import type { IThriftValue } from './thrift';

const MAGIC = Buffer.from('PAR1', 'latin1');

/**
 * A Parquet file of one row group and one column, made of planned bytes and a footer of its own
 * (parquet-format, File format).
 *
 * @param bytes Those of each range of each leaf, in the plan's order.
 * @param encoded Whether text is to be decoded as an Arrow dictionary.
 */
export function miniFile(
  plan: IColumnPlan,
  bytes: readonly (readonly Uint8Array[])[],
  encoded: boolean
): Uint8Array<ArrayBuffer> {
  const footer = footerOf(plan, encoded);
  const parts = [MAGIC, ...bytes.flat(), footer, lengthOf(footer), MAGIC];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function lengthOf(footer: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return length;
}

function footerOf({ column, leaves, rows }: IColumnPlan, encoded: boolean): Uint8Array {
  const root = thrift.struct({ 4: thrift.text('schema'), 5: thrift.i32(1) });
  let at = MAGIC.length;
  const chunks = leaves.map(leaf => {
    const chunk = chunkOf(leaf, at);
    at += sizeOf(leaf);
    return chunk;
  });
  const group = thrift.struct({ 1: thrift.list(chunks), 2: thrift.i64(at - MAGIC.length), 3: thrift.i64(rows) });
  const hint = encoded && isText(column) ? arrowSchema(TEXT_DICTIONARY, column) : int96Hint(column);
  const metadata = thrift.struct({
    1: thrift.i32(1),
    2: thrift.list([root, ...elementsOf(column)]),
    3: thrift.i64(rows),
    4: thrift.list([group]),
    5:
      hint === null ? undefined : thrift.list([thrift.struct({ 1: thrift.text('ARROW:schema'), 2: thrift.text(hint) })])
  });
  return Uint8Array.from(metadata.bytes);
}

function sizeOf({ ranges }: ILeafPlan): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

function chunkOf(leaf: ILeafPlan, at: number): IThriftValue {
  const { chunk, dictionary, values } = leaf;
  const metadata = thrift.struct({
    1: enumeration(ParquetTypes, chunk.type),
    2: thrift.list(chunk.encodings.map(encoding => enumeration(Encodings, encoding))),
    3: thrift.list(chunk.path.map(name => thrift.text(name))),
    4: enumeration(CompressionCodecs, chunk.codec),
    5: thrift.i64(values),
    6: thrift.i64(chunk.uncompressed),
    7: thrift.i64(sizeOf(leaf)),
    // A dictionary at the start of a whole chunk is found by its page header.
    9: thrift.i64(at + dictionary),
    11: dictionary === 0 ? undefined : thrift.i64(at)
  });
  return thrift.struct({ 2: thrift.i64(at), 3: metadata });
}

function elementsOf({ element, children }: IColumn): IThriftValue[] {
  return [schemaElement(element, children.length), ...children.flatMap(elementsOf)];
}

function schemaElement(element: SchemaElement, children: number): IThriftValue {
  const { type, type_length, repetition_type, name, converted_type, scale, precision, field_id, logical_type } =
    element;
  return thrift.struct({
    1: type === undefined ? undefined : enumeration(ParquetTypes, type),
    2: optional(type_length),
    3: repetition_type === undefined ? undefined : enumeration(FieldRepetitionTypes, repetition_type),
    4: thrift.text(name),
    5: children === 0 ? undefined : thrift.i32(children),
    6: converted_type === undefined ? undefined : enumeration(ConvertedTypes, converted_type),
    7: optional(scale),
    8: optional(precision),
    9: optional(field_id),
    10: logical_type === undefined ? undefined : logicalType(logical_type)
  });
}

const EMPTY = thrift.struct({});
const UNITS = { MILLIS: 1, MICROS: 2, NANOS: 3 } as const;
/** Logical types without parameters, by their number in parquet-format's union. */
const PLAIN_LOGICAL: Readonly<Record<string, number>> = {
  STRING: 1,
  MAP: 2,
  LIST: 3,
  ENUM: 4,
  DATE: 6,
  NULL: 11,
  JSON: 12,
  BSON: 13,
  UUID: 14,
  FLOAT16: 15
};

/** Undefined for those that say nothing here: the physical type is read then. */
function logicalType(logical: LogicalType): IThriftValue | undefined {
  switch (logical.type) {
    case 'DECIMAL':
      return thrift.struct({
        5: thrift.struct({ 1: thrift.i32(logical.scale), 2: thrift.i32(logical.precision) })
      });
    case 'TIME':
    case 'TIMESTAMP': {
      const unit = thrift.struct({ [UNITS[logical.unit]]: EMPTY });
      const time = thrift.struct({ 1: thrift.bool(logical.isAdjustedToUTC), 2: unit });
      return thrift.struct({ [logical.type === 'TIME' ? 7 : 8]: time });
    }
    case 'INTEGER':
      return thrift.struct({
        10: thrift.struct({ 1: thrift.i8(logical.bitWidth), 2: thrift.bool(logical.isSigned) })
      });
    default: {
      const number = PLAIN_LOGICAL[logical.type];
      return number === undefined ? undefined : thrift.struct({ [number]: EMPTY });
    }
  }
}

function enumeration(names: readonly string[], name: string): IThriftValue {
  return thrift.i32(names.indexOf(name));
}

function optional(value: number | undefined): IThriftValue | undefined {
  return value === undefined ? undefined : thrift.i32(value);
}

/**
 * An `ARROW:schema` that asks for INT96 as µs: read as it is, INT96 becomes ns and wraps outside of 1677–2262. Null where
 * there is none. Every other leaf is named as a type that Parquet has not, so that its own is taken.
 */
function int96Hint(column: IColumn): string | null {
  return holdsInt96(column) ? arrowSchema(hintType(column), column) : null;
}

const TEXT_DICTIONARY = new Dictionary(new Utf8(), new Int32(), 0);

function isText({ element }: IColumn): boolean {
  return (
    element.type === 'BYTE_ARRAY' &&
    element.repetition_type !== 'REPEATED' &&
    (element.logical_type?.type === 'STRING' || element.converted_type === 'UTF8')
  );
}

/** The value of `ARROW:schema` by which the decoder takes a column for this type. */
function arrowSchema(type: DataType, { element }: IColumn): string {
  const schema = new Schema([new Field(element.name, type, true)]);
  return Buffer.from(tableToIPC(new Table(schema), 'stream')).toString('base64');
}

/** The decoder takes a hint's metadata for the column's own, so that it has the field id, too. */
function hintField(column: IColumn): Field {
  const { name, field_id } = column.element;
  const metadata = new Map(field_id === undefined ? [] : [[FIELD_ID, String(field_id)]]);
  return new Field(name, hintType(column), true, metadata);
}

function hintType({ element, children }: IColumn): DataType {
  const [entries] = children;
  const kind = element.logical_type?.type ?? element.converted_type;
  if (element.type !== undefined) {
    return element.type === 'INT96' ? new TimestampMicrosecond('UTC') : new Null();
  }
  if (entries !== undefined && (kind === 'MAP' || kind === 'MAP_KEY_VALUE')) {
    return new Map_(new Field('entries', new Struct(entries.children.map(hintField)), false) as never);
  }
  if (entries !== undefined && kind === 'LIST') {
    return new List(hintField(itemOf(element.name, entries)));
  }
  return new Struct(children.map(hintField));
}

/** The items of a list. Old writers leave out the group around them (parquet-format, Backward-compatibility rules). */
function itemOf(list: string, repeated: IColumn): IColumn {
  const [item, ...others] = repeated.children;
  const { name } = repeated.element;
  return item === undefined || others.length > 0 || name === 'array' || name === `${list}_tuple` ? repeated : item;
}
