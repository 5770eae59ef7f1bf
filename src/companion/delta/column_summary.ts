import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { compareValues } from '../../arrow';
import type { IColumnStatistics } from '../../contract';
import { arrowType, DecimalValue, readerOf, validityOf, valueText } from './arrow';
import type { Value } from './arrow';
import { typeName } from './schema';
import type { ISchemaField } from './schema';

const BINS = 20;
const MOST_FREQUENT = 10;
/** Different values that are counted, and the bytes of them all. */
const MAX_DIFFERENT = 10_000;
const MAX_DIFFERENT_BYTES = 4 * 1024 * 1024;
/** Bytes of a value that are told. */
const MAX_TOLD = 1_000;

/** What is known of a column so far. */
export interface IColumnSummary {
  readonly name: string;
  /** Takes some more of its rows. */
  add: (data: Data) => void;
  /** Takes them again once all were added, to fill bins; null for a type without. */
  bin: ((data: Data) => void) | null;
  result: () => IColumnStatistics;
}

/** The summary of a column of any type. */
export function columnSummary(field: ISchemaField): IColumnSummary {
  const type = arrowType(field.type, field.name);
  const isOrdered =
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    DataType.isDecimal(type) ||
    DataType.isDate(type) ||
    DataType.isTimestamp(type);
  if (isOrdered) {
    return numbers(field, type);
  }
  return DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isBool(type)
    ? others(field, type)
    : nullsOnly(field);
}

/** Numbers and times. */
function numbers(field: ISchemaField, type: DataType): IColumnSummary {
  const isTime = DataType.isDate(type) || DataType.isTimestamp(type);
  const counts = new Array<number>(BINS).fill(0);
  let nulls = 0;
  let min: NonNullable<Value> | null = null;
  let max: NonNullable<Value> | null = null;
  let finite = 0;
  let mean = 0;
  let low = Infinity;
  let high = -Infinity;
  return {
    name: field.name,
    add: data => {
      const read = readerOf(data);
      for (let i = 0; i < data.length; i++) {
        const value = read(i);
        if (value === null) {
          nulls += 1;
          continue;
        }
        min = min === null || compareValues(value, min) < 0 ? value : min;
        max = max === null || compareValues(value, max) > 0 ? value : max;
        const number = numberOf(value);
        if (Number.isFinite(number)) {
          finite += 1;
          // Not of the difference, which two doubles may not have.
          mean += number / finite - mean / finite;
          low = Math.min(low, number);
          high = Math.max(high, number);
        }
      }
    },
    bin: data => {
      const read = readerOf(data);
      // Halves, for the difference of two doubles may be none.
      const width = high / 2 - low / 2;
      for (let i = 0; i < data.length; i++) {
        const value = read(i);
        const number = value === null ? NaN : numberOf(value);
        if (Number.isFinite(number)) {
          const place = width === 0 ? 0 : Math.min(BINS - 1, Math.floor(((number / 2 - low / 2) / width) * BINS));
          counts[place] = (counts[place] as number) + 1;
        }
      }
    },
    result: () => ({
      column: field.name,
      type: typeName(field.type),
      nulls,
      min: min === null ? null : valueText(min, type),
      max: max === null ? null : valueText(max, type),
      histogram:
        finite === 0
          ? null
          : low === high
            ? { edges: [low, high], counts: [finite] }
            : { edges: edgesOf(low, high), counts: [...counts] },
      frequent: null,
      mean: finite === 0 || isTime ? null : mean
    })
  };
}

function edgesOf(low: number, high: number): number[] {
  return Array.from({ length: BINS + 1 }, (_, i) => low * (1 - i / BINS) + high * (i / BINS));
}

function numberOf(value: NonNullable<Value>): number {
  return value instanceof DecimalValue ? Number(value.toString()) : Number(value);
}

/** Text, bytes and booleans, told apart by their bytes. */
function others(field: ISchemaField, type: DataType): IColumnSummary {
  let counts: Map<string, number> | null = new Map();
  let bytes = 0;
  let nulls = 0;
  let min: Buffer | null = null;
  let max: Buffer | null = null;
  const wholeText = (value: Buffer) => {
    const known = DataType.isBool(type) ? value[0] === 1 : DataType.isUtf8(type) ? value.toString('utf8') : value;
    return valueText(known, type);
  };
  const textOf = (value: Buffer) => {
    let end = MAX_TOLD;
    // Not in the midst of a character.
    while (DataType.isUtf8(type) && ((value[end] ?? 0) & 0xc0) === 0x80) {
      end -= 1;
    }
    return value.length > MAX_TOLD ? `${wholeText(value.subarray(0, end))}…` : wholeText(value);
  };
  const widen = (value: Buffer) => {
    // One byte more tells that there are more.
    const start = value.subarray(0, MAX_TOLD + 1);
    min = min === null || Buffer.compare(start, min) < 0 ? Buffer.from(start) : min;
    max = max === null || Buffer.compare(start, max) > 0 ? Buffer.from(start) : max;
  };
  return {
    name: field.name,
    add: data => {
      const read = bytesReader(data);
      for (let i = 0; i < data.length; i++) {
        const value = read(i);
        if (value === null) {
          nulls += 1;
          continue;
        }
        counts = value.length > MAX_DIFFERENT_BYTES ? null : counts;
        if (counts === null) {
          widen(value);
          continue;
        }
        const key = value.toString('latin1');
        const known = counts.get(key);
        if (known === undefined) {
          widen(value);
          bytes += key.length;
        }
        counts.set(key, (known ?? 0) + 1);
        counts = counts.size > MAX_DIFFERENT || bytes > MAX_DIFFERENT_BYTES ? null : counts;
      }
    },
    bin: null,
    result: () => ({
      column: field.name,
      type: typeName(field.type),
      nulls,
      min: min === null ? null : textOf(min),
      max: max === null ? null : textOf(max),
      histogram: null,
      frequent:
        counts &&
        [...counts]
          .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
          .slice(0, MOST_FREQUENT)
          .map(([value, count]) => ({ value: textOf(Buffer.from(value, 'latin1')), count })),
      mean: null
    })
  };
}

/** The bytes of a value, which are only lent; null for null. */
function bytesReader(data: Data): (i: number) => Buffer | null {
  if (DataType.isBool(data.type)) {
    const read = readerOf(data);
    const [no, yes] = [Buffer.of(0), Buffer.of(1)];
    return i => {
      const value = read(i);
      return value === null ? null : value === true ? yes : no;
    };
  }
  const { values, valueOffsets } = data as { values: Uint8Array; valueOffsets: Int32Array };
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const isThere = validityOf(data);
  return i => (isThere(i) ? bytes.subarray(valueOffsets[i], valueOffsets[i + 1]) : null);
}

/** Nested columns have no order. */
function nullsOnly(field: ISchemaField): IColumnSummary {
  let nulls = 0;
  return {
    name: field.name,
    add: data => (nulls += data.nullCount),
    bin: null,
    result: () => ({
      column: field.name,
      type: typeName(field.type),
      nulls,
      min: null,
      max: null,
      histogram: null,
      frequent: null,
      mean: null
    })
  };
}
