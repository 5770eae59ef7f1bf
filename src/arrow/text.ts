import { DataType } from 'apache-arrow';
import type { Data, Field } from 'apache-arrow';

import { DecimalValue, readerOf } from './values';
import type { Value } from './values';

const US_PER_DAY = 86_400_000_000n;
/** Characters that would move the cursor or end a line. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * Writes the values of a column as text that loses nothing: decimals with all digits of their scale, µs, bytes in
 * hexadecimal, and nested values as JSON. Null is `null`.
 */
export function textReader(data: Data): (i: number) => string {
  const read = readerOf(data);
  return i => valueText(read(i), data.type);
}

/**
 * Writes the values of a column as JSON that loses nothing: what a JSON number would round (64-bit integers, decimals)
 * or cannot say (NaN, infinities) is text, as are dates, timestamps (ISO 8601, µs) and bytes (hexadecimal). Maps with
 * text as keys are objects, others lists of `{"key": …, "value": …}`.
 */
export function jsonReader(data: Data): (i: number) => string {
  const read = readerOf(data);
  return i => json(read(i), data.type);
}

/** One value as `textReader` writes it. */
export function valueText(value: Value, type: DataType): string {
  return typeof value === 'string'
    ? value.replace(CONTROL, character =>
        JSON.stringify(character)
          .slice(1, -1)
          .replace(/^[^\\]/, escaped)
      )
    : json(value, type).replace(/^"(.*)"$/s, '$1');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function json(value: Value, type: DataType): string {
  if (value === null || typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (value instanceof DecimalValue) {
    return `"${value}"`;
  }
  if (value instanceof Uint8Array) {
    return `"${hexadecimal(value)}"`;
  }
  if (typeof value === 'number') {
    return DataType.isDate(type)
      ? `"${dateText(value)}"`
      : DataType.isFloat(type)
        ? floatText(value, type)
        : `${value}`;
  }
  if (typeof value === 'bigint') {
    return `"${DataType.isTimestamp(type) ? timestampText(value, Boolean(type.timezone)) : value}"`;
  }
  if (DataType.isList(type)) {
    return `[${(value as Value[]).map(item => json(item, (type.children[0] as Field).type)).join(',')}]`;
  }
  if (value instanceof Map) {
    return mapText(value, (type.children[0] as Field).type.children as Field[]);
  }
  const fields = type.children as Field[];
  const row = value as Readonly<Record<string, Value>>;
  return `{${fields.map(({ name, type: inner }) => `${JSON.stringify(name)}:${json(row[name] ?? null, inner)}`).join(',')}}`;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function mapText(entries: ReadonlyMap<Value, Value>, fields: readonly Field[]): string {
  const [key, item] = fields as [Field, Field];
  const isObject = DataType.isUtf8(key.type);
  const parts = [...entries].map(([k, v]) =>
    isObject
      ? `${json(k, key.type)}:${json(v, item.type)}`
      : `{"key":${json(k, key.type)},"value":${json(v, item.type)}}`
  );
  return isObject ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
}

/** The shortest text that is read back as the same float or double. */
function floatText(value: number, type: DataType & { precision: number }): string {
  if (!Number.isFinite(value)) {
    return `"${value}"`;
  }
  if (Object.is(value, -0)) {
    return '-0.0';
  }
  const isDouble = type.precision === 2;
  const digits = isDouble ? 0 : [6, 7, 8, 9].find(count => Math.fround(Number(value.toPrecision(count))) === value);
  return String(digits ? Number(value.toPrecision(digits)) : value);
}

/** ISO 8601 in the proleptic Gregorian calendar, which is Spark's. */
export function dateText(days: number): string {
  // Civil from days, counted in eras of 400 years from 1 March of year 0.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365
  );
  const dayOfYear = day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : year > 9999 ? '+' : ''}${digits}-${pad(month)}-${pad(dayOfMonth)}`;
}

/** ISO 8601 with µs. @param isInstant Whether it is UTC, not a time without zone. */
export function timestampText(us: bigint, isInstant: boolean): string {
  const inDay = ((us % US_PER_DAY) + US_PER_DAY) % US_PER_DAY;
  const seconds = Number(inDay / 1_000_000n);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(pad).join(':');
  const fraction = String(inDay % 1_000_000n).padStart(6, '0');
  return `${dateText(Number((us - inDay) / US_PER_DAY))}T${time}.${fraction}${isInstant ? 'Z' : ''}`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
