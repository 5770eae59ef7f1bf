import { TwinstoreError } from '../../contract';
import { DecimalValue } from './arrow';
import type { Row, Value } from './arrow';
import { typeName } from './schema';
import type { DeltaType, ISchemaField } from './schema';
import { xxhash64 } from './xxhash64';

/** What Spark's xxhash64 starts with. */
const SEED = 42n;
/** Decimals of more digits are hashed as bytes, not as a number of 64 bits. */
const LONG_DIGITS = 18;

/**
 * The hash of a row's features, as the library computes it in Spark (`twinstore/row_hash.py`): name tag and value of each
 * feature that is not null, in the order of the names. `test/vectors/row_hash.json` binds the two.
 *
 * Throws `unsupported` for nested values of types whose text in JSON is Java's own.
 */
export function rowHash(features: readonly ISchemaField[], row: Row): bigint {
  const sorted = [...features].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  let hash = SEED;
  for (const { name, type } of sorted) {
    const value = row[name] ?? null;
    if (value !== null) {
      hash = xxhash64(bytesOf(value, type), xxhash64(Buffer.from(name, 'utf8'), hash));
    }
  }
  return hash;
}

/** The bytes that Spark hashes: numbers in little endian, 32 bits where that is enough. */
function bytesOf(value: NonNullable<Value>, type: DeltaType): Uint8Array {
  if (typeof type !== 'string') {
    return Buffer.from(canonicalJson(value, type), 'utf8');
  }
  if (typeof value === 'string') {
    return Buffer.from(value, 'utf8');
  }
  if (value instanceof Uint8Array) {
    return value;
  }
  if (value instanceof DecimalValue) {
    const digits = Number(/\d+/.exec(type)?.[0]);
    return digits > LONG_DIGITS ? bigEndian(value.unscaled) : long(value.unscaled);
  }
  if (typeof value === 'bigint') {
    return long(value);
  }
  const bytes = Buffer.alloc(type === 'double' ? 8 : 4);
  // 0.0 and −0.0 are one value to Spark.
  const number = Number(value) + 0;
  if (type === 'double') {
    bytes.writeDoubleLE(number);
  } else if (type === 'float') {
    bytes.writeFloatLE(number);
  } else {
    bytes.writeInt32LE(number);
  }
  return bytes;
}

function long(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** Two's complement in as few bytes as hold it. */
function bigEndian(value: bigint): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(8 * length, value) !== value) {
    length++;
  }
  return Buffer.from(
    BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, '0'),
    'hex'
  );
}

/** As Spark writes JSON, nulls kept, maps in the order of their keys. */
function canonicalJson(value: Value, type: DeltaType): string {
  if (value === null) {
    return 'null';
  }
  if (typeof type !== 'string') {
    return nestedJson(value, type);
  }
  switch (type) {
    case 'string':
      return jsonText(value as string);
    case 'boolean':
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
      return String(value);
    default:
      return refuse(type);
  }
}

function nestedJson(value: NonNullable<Value>, type: Exclude<DeltaType, string>): string {
  switch (type.type) {
    case 'array':
      return `[${(value as Value[]).map(item => canonicalJson(item, type.elementType)).join(',')}]`;
    case 'struct': {
      const row = value as Row;
      const fields = type.fields.map(
        ({ name, type: inner }) => `${jsonText(name)}:${canonicalJson(row[name] ?? null, inner)}`
      );
      return `{${fields.join(',')}}`;
    }
    case 'map': {
      if (type.keyType !== 'string') {
        return refuse(type);
      }
      const entries = [...(value as ReadonlyMap<string, Value>)].sort(([a], [b]) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b))
      );
      return `{${entries.map(([key, item]) => `${jsonText(key)}:${canonicalJson(item, type.valueType)}`).join(',')}}`;
    }
    case 'other':
      return refuse(type);
  }
}

/** Java writes the digits of an escape in capitals. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(/\\(?:u([0-9a-f]{4})|.)/g, (escape, digits?: string) =>
    digits === undefined ? escape : `\\u${digits.toUpperCase()}`
  );
}

function refuse(type: DeltaType): never {
  throw new TwinstoreError(
    'unsupported',
    `The row hash of nested values of type ${typeName(type)} is computed by Spark alone.`,
    'Compute it in Spark, or keep the value outside of the nested column.',
    { side: 'twinstore' }
  );
}
