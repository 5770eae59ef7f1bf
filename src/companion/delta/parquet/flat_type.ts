import {
  Binary,
  Bool,
  DataType,
  DateDay,
  Decimal,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Timestamp,
  TimeUnit,
  Utf8
} from 'apache-arrow';
import type { Data } from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';

import { laidOut } from '../arrow';
import type { IPageValues } from './page_values';

/** What the values of a flat column are in Arrow, and how they lie in pages. */
export interface IFlatType {
  arrow: DataType;
  /** Bytes of a value; 0 for booleans, null where each value has a length of its own. */
  width: number | null;
}

/** Digits and bytes of the longest decimals that are taken. */
const MAX_DIGITS = 38;
const MAX_DECIMAL_BYTES = 16;

/** By physical type and what it stands for. */
const TYPES: Readonly<Record<string, () => DataType>> = {
  BOOLEAN: () => new Bool(),
  FLOAT: () => new Float32(),
  DOUBLE: () => new Float64(),
  INT32: () => new Int32(),
  'INT32 INT_8': () => new Int8(),
  'INT32 INT_16': () => new Int16(),
  'INT32 INT_32': () => new Int32(),
  'INT32 DATE': () => new DateDay(),
  INT64: () => new Int64(),
  'INT64 INT_64': () => new Int64(),
  BYTE_ARRAY: () => new Binary(),
  'BYTE_ARRAY UTF8': () => new Utf8()
};
const UNITS: Readonly<Record<string, TimeUnit>> = {
  'INT64 TIMESTAMP_MILLIS': TimeUnit.MILLISECOND,
  'INT64 TIMESTAMP_MICROS': TimeUnit.MICROSECOND,
  'INT64 TIMESTAMP_NANOS': TimeUnit.NANOSECOND
};
const DECIMALS = ['INT32 DECIMAL', 'INT64 DECIMAL', 'FIXED_LEN_BYTE_ARRAY DECIMAL'];
const WIDTHS: Readonly<Record<string, number>> = { BOOLEAN: 0, INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8 };

/** As the decoder of whole pages has them; null for types of which single values are not taken. */
export function flatType(element: SchemaElement): IFlatType | null {
  const { type = '', type_length } = element;
  const arrow = arrowType(element);
  return arrow && { arrow, width: WIDTHS[type] ?? (type === 'BYTE_ARRAY' ? null : (type_length ?? 0)) };
}

function arrowType(element: SchemaElement): DataType | null {
  const { type, type_length = 0, logical_type: logical, converted_type } = element;
  const kind = `${type} ${kindOf(element)}`.trim();
  const unit = UNITS[kind];
  if (unit !== undefined) {
    const isUtc = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : converted_type !== undefined;
    return new Timestamp(unit, isUtc ? 'UTC' : null);
  }
  if (DECIMALS.includes(kind)) {
    const { scale = 0, precision = 0 } = logical?.type === 'DECIMAL' ? logical : element;
    const isRead = precision <= MAX_DIGITS && type_length <= MAX_DECIMAL_BYTES;
    return isRead && (type !== 'FIXED_LEN_BYTE_ARRAY' || type_length > 0) ? new Decimal(scale, precision, 128) : null;
  }
  return TYPES[kind]?.() ?? null;
}

/** What newer writers tell by a logical type, older ones tell by a converted one. */
function kindOf({ logical_type: logical, converted_type: converted = '' as never }: SchemaElement): string {
  switch (logical?.type) {
    case undefined:
      return converted;
    case 'STRING':
      return 'UTF8';
    case 'INTEGER':
      return `${logical.isSigned ? '' : 'U'}INT_${logical.bitWidth}`;
    case 'TIMESTAMP':
      return `TIMESTAMP_${logical.unit}`;
    default:
      return logical?.type ?? '';
  }
}

/** Values that were taken of pages as an Arrow column. */
export function flatColumn({ type }: SchemaElement, { arrow, width }: IFlatType, taken: IPageValues): Data {
  const { length, values, offsets, nulls, validity } = taken;
  return laidOut(arrow, length, {
    nullCount: nulls,
    nullBitmap: nulls === 0 ? undefined : validity,
    valueOffsets: offsets ?? undefined,
    values: DataType.isDecimal(arrow)
      ? decimals(values, length, width as number, type === 'FIXED_LEN_BYTE_ARRAY')
      : DataType.isInt(arrow) && arrow.bitWidth < 32
        ? (arrow.ArrayType as Int8ArrayConstructor).from(new Int32Array(values.buffer))
        : new (arrow.ArrayType as Uint8ArrayConstructor)(values.buffer)
  });
}

/** Decimals of 128 bits in little endian, from fewer bytes. */
function decimals(values: Uint8Array, length: number, width: number, isBigEndian: boolean): Uint32Array {
  const bytes = new Uint8Array(16 * length);
  for (let i = 0; i < length; i++) {
    const byteAt = (j: number) => values[i * width + (isBigEndian ? width - 1 - j : j)] as number;
    bytes.fill(byteAt(width - 1) < 0x80 ? 0 : 0xff, 16 * i, 16 * (i + 1));
    for (let j = 0; j < width; j++) {
      bytes[16 * i + j] = byteAt(j);
    }
  }
  return new Uint32Array(bytes.buffer);
}
