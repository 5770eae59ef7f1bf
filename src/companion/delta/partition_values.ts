import type { DateDay, Decimal } from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';

import { damaged } from './actions';
import { arrowType, laidOut, nulls } from './arrow';
import { physicalName } from './column_mapping';
import { typeName } from './schema';
import type { ISchemaField } from './schema';

const MS_PER_DAY = 86_400_000;

/**
 * The value of a partition column as a column of one row (PROTOCOL.md, Partition Value Serialization). An empty text is
 * null. Timestamps without a zone are taken as UTC: writers put them there in the zone of their session.
 *
 * @param values Of the file, by physical name.
 *
 * Throws `store_failed` for a text that is no value of the column's type.
 */
export function partitionValue(
  field: ISchemaField,
  values: Readonly<Record<string, string | null>>,
  table: string
): Data {
  const text = values[physicalName(field)] ?? '';
  return text === ''
    ? nulls(arrowType(field.type, field.name), 1)
    : (readText(field, text) ?? refuse(field, text, table));
}

/** A text as a column of one row of the field's type; null when it is no value of it. */
export function readText({ name, type }: ISchemaField, text: string): Data | null {
  const read = typeof type === 'string' ? READERS[type.replace(/\(.*/, '')] : undefined;
  return read?.(text, arrowType(type, name)) ?? null;
}

function refuse({ name, type }: ISchemaField, text: string, table: string): never {
  throw damaged(table, `${JSON.stringify(text)} is no ${typeName(type)} for the partition column ${name}`);
}

type Read = (text: string, type: DataType) => Data | null;

const READERS: Readonly<Record<string, Read>> = {
  boolean: (text, type) =>
    /^(true|false)$/i.test(text) ? one(type, Uint8Array.of(/^true$/i.test(text) ? 1 : 0)) : null,
  byte: (text, type) => whole(text, type, 8n, Int8Array),
  short: (text, type) => whole(text, type, 16n, Int16Array),
  integer: (text, type) => whole(text, type, 32n, Int32Array),
  long: (text, type) => {
    const value = integer(text, 64n);
    return value === null ? null : one(type, BigInt64Array.of(value));
  },
  float: (text, type) => floating(text, type, Float32Array),
  double: (text, type) => floating(text, type, Float64Array),
  decimal: (text, type) => decimal(text, type as Decimal),
  string: bytes,
  // Spark casts bytes to text, so they are those of the text.
  binary: bytes,
  date: (text, type) => {
    const ms = instant(`${text}T00:00:00Z`);
    return ms === null ? null : one(type as DateDay, Int32Array.of(ms / MS_PER_DAY));
  },
  timestamp: microseconds,
  timestamp_ntz: microseconds
};

function one(type: DataType, values: ArrayBufferView): Data {
  return laidOut(type, 1, { nullCount: 0, values });
}

function bytes(text: string, type: DataType): Data {
  const values = Buffer.from(text, 'utf8');
  return laidOut(type, 1, { nullCount: 0, values, valueOffsets: Int32Array.of(0, values.length) });
}

function integer(text: string, bits: bigint): bigint | null {
  const value = /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : null;
  return value !== null && BigInt.asIntN(Number(bits), value) === value ? value : null;
}

function whole(
  text: string,
  type: DataType,
  bits: bigint,
  ArrayType: { of(value: number): ArrayBufferView }
): Data | null {
  const value = integer(text, bits);
  return value === null ? null : one(type, ArrayType.of(Number(value)));
}

function floating(text: string, type: DataType, ArrayType: { of(value: number): ArrayBufferView }): Data | null {
  const isNumber = /^(NaN|[+-]?Infinity|[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?)$/i.test(text);
  return isNumber ? one(type, ArrayType.of(Number(text))) : null;
}

function decimal(text: string, type: Decimal): Data | null {
  const [, sign, before = '', after = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:E([+-]?\d{1,3}))?$/i.exec(text) ?? [];
  const shift = type.scale + Number(exponent) - after.length;
  const digits = `${before}${after}`;
  const cut = shift < 0 ? digits.slice(shift) : '';
  if (digits === '' || /[^0]/.test(cut)) {
    return null;
  }
  const kept = shift < 0 ? digits.slice(0, shift) : digits + '0'.repeat(shift);
  const unscaled = BigInt(kept || 0) * (sign === '-' ? -1n : 1n);
  if (unscaled.toString().replace('-', '').length > type.precision) {
    return null;
  }
  const words = BigInt64Array.of(BigInt.asIntN(64, unscaled), BigInt.asIntN(64, unscaled >> 64n));
  return one(type, new Uint32Array(words.buffer));
}

function microseconds(text: string, type: DataType): Data | null {
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] =
    /^(\S+?)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const ms = day === undefined ? null : instant(`${day}T${time}${zone}`);
  return ms === null ? null : one(type, BigInt64Array.of(BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'))));
}

/** Ms since the epoch of an ISO 8601 instant; null when it is none. */
function instant(text: string): number | null {
  const day = text.slice(0, 10);
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) && isDay(day) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Whether the calendar has the day; `Date` takes February's 31st for March. */
export function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
