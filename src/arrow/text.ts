import { DataType } from 'apache-arrow';
import type { Data, Field } from 'apache-arrow';

import { dateText, timestampText } from './times';
import { DecimalValue, readerOf, startsOf } from './values';
import type { Value } from './values';

/** Characters that would move the cursor or end a line. */
const CONTROL = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029';
/** What makes a text be escaped: one of them, or what could be taken for one that was. */
const IS_ESCAPED = new RegExp(`[${CONTROL}]|\\\\[\\\\bfnrtu]`);
/** What is escaped then. */
const ESCAPED = new RegExp(`[${CONTROL}\\\\]`, 'g');

/**
 * Writes the values of a column as text that loses nothing: decimals with all digits of their scale, µs, bytes in
 * hexadecimal, and nested values as JSON. Null is `null`.
 */
export function textReader(data: Data): (i: number) => string {
  const read = readerOf(data);
  return i => valueText(read(i), data.type);
}

/**
 * Writes of each value the first characters of what `textReader` writes, with an ellipsis where these are not all,
 * without reading the rest of it.
 */
export function startReader(data: Data, most: number): (i: number) => string {
  const read = startsOf(data, most);
  return i => {
    const text = valueText(read(i), data.type);
    return text.length > most ? cutText(text, most) : text;
  };
}

/** The first characters of a text, with an ellipsis after them; one of two units is not cut in half. */
export function cutText(text: string, length: number): string {
  return `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
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
  if (typeof value === 'string') {
    return IS_ESCAPED.test(value) ? value.replace(ESCAPED, escaped) : value;
  }
  return json(value, type).replace(/^"(.*)"$/s, '$1');
}

/** As in JSON, which leaves some of the characters as they are. */
function escaped(character: string): string {
  const text = JSON.stringify(character).slice(1, -1);
  return text.startsWith('\\') ? text : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
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
