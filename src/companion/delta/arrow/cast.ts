import { DataType, TimeUnit } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { unscaledAt } from '../../../arrow';
import { laidOut, relaid } from './layout';

const US_PER_DAY = 86_400_000_000n;

/**
 * A column without children as another type that holds all its values: the same, a wider one as type widening allows
 * (PROTOCOL.md, Type Widening), or µs where Parquet has ms or ns. Null when there is no such way.
 */
export function cast(source: Data, target: DataType): Data | null {
  const from = source.type;
  if (DataType.isNull(target)) {
    return laidOut(target, source.length, { nullCount: source.length });
  }
  if (DataType.isTimestamp(target)) {
    return toMicros(source, target);
  }
  if (DataType.isDecimal(target)) {
    return toDecimal(source, target);
  }
  if (DataType.isInt(target)) {
    const isWider = DataType.isInt(from) && from.isSigned && from.bitWidth <= target.bitWidth;
    return isWider ? relaid(source, target, { values: integers(source.values, target.bitWidth) }) : null;
  }
  if (DataType.isFloat(target)) {
    const isWider = DataType.isFloat(from)
      ? from.precision <= target.precision
      : isSmallInt(from) && target.precision === 2;
    return isWider ? relaid(source, target, { values: convert(source.values, target.ArrayType) }) : null;
  }
  if (DataType.isUtf8(target) || DataType.isBinary(target)) {
    if (DataType.isDictionary(from) && DataType.isUtf8(from.dictionary)) {
      return source;
    }
    // Old writers leave out that bytes are text.
    return DataType.isUtf8(from) || DataType.isBinary(from) ? relaid(source, target, {}) : null;
  }
  return from.typeId === target.typeId ? relaid(source, target, {}) : null;
}

function isSmallInt(type: DataType): boolean {
  return DataType.isInt(type) && type.isSigned && type.bitWidth <= 32;
}

function convert(values: Int32Array, ArrayType: unknown): ArrayBufferView {
  return values.constructor === ArrayType ? values : (ArrayType as typeof Float64Array).from(values);
}

function integers(values: Int32Array | BigInt64Array, width: number): ArrayBufferView {
  if (values instanceof BigInt64Array) {
    return values;
  }
  return width === 64
    ? BigInt64Array.from(values, BigInt)
    : convert(values, { 8: Int8Array, 16: Int16Array, 32: Int32Array }[width]);
}

function toMicros(source: Data, target: DataType): Data | null {
  const { type, values } = source;
  const scaled = (scale: (value: bigint) => bigint) =>
    relaid(source, target, { values: (values as BigInt64Array).map(scale) });
  if (DataType.isDate(type)) {
    return relaid(source, target, {
      values: BigInt64Array.from(values as Int32Array, day => BigInt(day) * US_PER_DAY)
    });
  }
  if (!DataType.isTimestamp(type)) {
    return null;
  }
  switch (type.unit) {
    case TimeUnit.MICROSECOND:
      return relaid(source, target, {});
    case TimeUnit.MILLISECOND:
      return scaled(value => value * 1000n);
    case TimeUnit.NANOSECOND:
      // Down, also before the epoch, as Spark cuts them.
      return scaled(value => (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
    default:
      return null;
  }
}

function toDecimal(source: Data, target: DataType & { scale: number; precision: number }): Data | null {
  const { type, length } = source;
  const digits = DataType.isDecimal(type)
    ? type.precision - type.scale
    : isSmallInt(type)
      ? 10
      : DataType.isInt(type)
        ? 20
        : Infinity;
  const scale = DataType.isDecimal(type) ? type.scale : 0;
  if (target.scale < scale || (DataType.isDecimal(type) && digits > target.precision - target.scale)) {
    return null;
  }
  if (DataType.isDecimal(type) && type.bitWidth === 128 && scale === target.scale) {
    return relaid(source, target, {});
  }
  if (digits === Infinity) {
    return null;
  }
  const factor = 10n ** BigInt(target.scale - scale);
  const values = new BigInt64Array(2 * length);
  for (let i = 0; i < length; i++) {
    const unscaled = (DataType.isDecimal(type) ? unscaledAt(source, i) : BigInt(source.values[i])) * factor;
    values[2 * i] = BigInt.asIntN(64, unscaled);
    values[2 * i + 1] = BigInt.asIntN(64, unscaled >> 64n);
  }
  return relaid(source, target, { values: new Uint32Array(values.buffer) });
}
