import { invalid } from './errors';
import type { LiteralKind } from './statements';
import { Reader, Writer } from './wire';

/** A CQL type. User-defined types and tuples are left out. */
export type CqlType =
  | { kind: 'native'; name: NativeName }
  | { kind: 'list' | 'set'; of: CqlType; frozen: boolean }
  | { kind: 'map'; key: CqlType; value: CqlType; frozen: boolean };

/** How values of one type are written: in statements, in JSON, and on the wire, where they are kept as they are. */
interface INative {
  /** Its number in the protocol. */
  option: number;
  /** The only length that its values have; null for any. */
  bytes: number | null;
  literals: readonly LiteralKind[];
  /** From the text of a literal or of a JSON value. Undefined where it is none of this type. */
  encode(text: string): Buffer | undefined;
  /** As `SELECT JSON` gives it. */
  json(value: Buffer): string;
}

const SIGNED = { tinyint: 1, smallint: 2, int: 4, bigint: 8 } as const;
/** Day zero of a date on the wire. */
const DAY_ZERO = 2 ** 31;
const MS_PER_DAY = 86_400_000;

const NATIVE = {
  ascii: text(0x01),
  bigint: integer(0x02, SIGNED.bigint),
  blob: {
    option: 0x03,
    bytes: null,
    literals: ['blob'],
    encode: it => (/^0x([0-9a-f]{2})*$/i.test(it) ? Buffer.from(it.slice(2), 'hex') : undefined),
    json: value => `"0x${value.toString('hex')}"`
  },
  boolean: {
    option: 0x04,
    bytes: 1,
    literals: ['boolean'],
    encode: it => (/^(true|false)$/i.test(it) ? Buffer.from([Number(it.toLowerCase() === 'true')]) : undefined),
    json: value => String(value.readUInt8(0) !== 0)
  },
  decimal: {
    option: 0x06,
    bytes: null,
    literals: ['integer', 'float'],
    encode: encodeDecimal,
    json: decimalText
  },
  double: floating(0x07, 8),
  float: floating(0x08, 4),
  int: integer(0x09, SIGNED.int),
  timestamp: {
    option: 0x0b,
    bytes: 8,
    literals: ['string', 'integer'],
    encode: it => long(/^-?\d+$/.test(it) ? BigInt(it) : instantMs(it)),
    json: value => JSON.stringify(instantText(value.readBigInt64BE(0)))
  },
  uuid: {
    option: 0x0c,
    bytes: 16,
    literals: ['uuid'],
    encode: it => (/^[0-9a-f-]{36}$/i.test(it) ? Buffer.from(it.replaceAll('-', ''), 'hex') : undefined),
    json: value => `"${value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}"`
  },
  text: text(0x0d),
  inet: {
    option: 0x10,
    bytes: 4,
    literals: ['string'],
    encode: it => (/^\d+(\.\d+){3}$/.test(it) ? Buffer.from(it.split('.').map(Number)) : undefined),
    json: value => `"${[...value].join('.')}"`
  },
  date: {
    option: 0x11,
    bytes: 4,
    literals: ['string', 'integer'],
    encode: encodeDate,
    json: value => JSON.stringify(new Date((value.readUInt32BE(0) - DAY_ZERO) * MS_PER_DAY).toISOString().split('T')[0])
  },
  smallint: integer(0x13, SIGNED.smallint),
  tinyint: integer(0x14, SIGNED.tinyint)
} satisfies Record<string, INative>;

export type NativeName = keyof typeof NATIVE;

const COLLECTION = { list: 0x20, map: 0x21, set: 0x22 } as const;

/** The type of that name, or null; `varchar` is another name of `text`. */
export function nativeType(name: string): CqlType | null {
  const known = name === 'varchar' ? 'text' : name;
  return Object.hasOwn(NATIVE, known) ? { kind: 'native', name: known as NativeName } : null;
}

export const TEXT: CqlType = { kind: 'native', name: 'text' };
export const INT: CqlType = { kind: 'native', name: 'int' };
export const BIGINT: CqlType = { kind: 'native', name: 'bigint' };
export const BOOLEAN: CqlType = { kind: 'native', name: 'boolean' };

/** As `system_schema.columns` names it. */
export function typeName(type: CqlType): string {
  if (type.kind === 'native') {
    return type.name;
  }
  const of = type.kind === 'map' ? `${typeName(type.key)}, ${typeName(type.value)}` : typeName(type.of);
  return type.frozen ? `frozen<${type.kind}<${of}>>` : `${type.kind}<${of}>`;
}

/** The type as an [option] of the protocol. */
export function writeType(type: CqlType, writer: Writer): void {
  if (type.kind === 'native') {
    writer.short(NATIVE[type.name].option);
    return;
  }
  writer.short(COLLECTION[type.kind]);
  partsOf(type).forEach(part => writeType(part, writer));
}

/** Throws unless the bytes are a value of the type. */
export function validate(type: CqlType, value: Buffer): void {
  if (type.kind === 'native') {
    const { bytes } = NATIVE[type.name];
    if (bytes !== null && value.length !== bytes) {
      throw invalid(`Expected ${bytes} byte ${type.name} (${value.length})`);
    }
    return;
  }
  const parts = partsOf(type);
  elements(type, value).forEach((element, at) => validate(parts[at % parts.length] as CqlType, element));
}

/** The bytes of a literal that stands in a statement. */
export function encodeLiteral(type: CqlType, kind: LiteralKind, text: string): Buffer {
  if (type.kind === 'native') {
    const native: INative = NATIVE[type.name];
    const value = native.literals.includes(kind) ? native.encode(text) : undefined;
    if (value !== undefined) {
      return value;
    }
  }
  throw invalid(`Invalid ${kind} constant (${text}) of type ${typeName(type)}`);
}

/** The bytes of a collection of elements; of a map, keys and values in turn. */
export function encodeElements(type: CqlType, encoded: readonly Buffer[]): Buffer {
  const writer = new Writer().int(encoded.length / partsOf(type).length);
  encoded.forEach(element => writer.bytes(element));
  return writer.done();
}

/** The bytes of a JSON text, as `fromJson` takes it: numbers may be strings, so that all their digits are kept. */
export function decodeJson(type: CqlType, json: string): Buffer | null {
  const text = json.trim();
  if (text === 'null') {
    return null;
  }
  const isString = text.startsWith('"');
  const value =
    type.kind === 'native' && (isString || !isText(type.name))
      ? NATIVE[type.name].encode(isString ? unquoted(text) : text)
      : undefined;
  if (value === undefined) {
    throw invalid(`Could not decode JSON string as ${typeName(type)}: ${json}`);
  }
  return value;
}

/** A value as `SELECT JSON` gives it. */
export function encodeJson(type: CqlType, value: Buffer | null): string {
  if (value === null) {
    return 'null';
  }
  if (type.kind === 'native') {
    return NATIVE[type.name].json(value);
  }
  const parts = partsOf(type);
  const texts = elements(type, value).map((each, at) => encodeJson(parts[at % parts.length] as CqlType, each));
  if (type.kind !== 'map') {
    return `[${texts.join(', ')}]`;
  }
  const quoted = (key: string): string => (key.startsWith('"') ? key : `"${key}"`);
  const pairs = texts.flatMap((each, at) => (at % 2 === 0 ? [`${quoted(each)}: ${texts[at + 1] as string}`] : []));
  return `{${pairs.join(', ')}}`;
}

/** The bytes of a value of the system tables. */
export function encodeValue(type: CqlType, value: unknown): Buffer {
  if (type.kind === 'native') {
    return NATIVE[type.name].encode(String(value)) as Buffer;
  }
  const flat = type.kind === 'map' ? Object.entries(value as object).flat() : (value as unknown[]);
  const parts = partsOf(type);
  return encodeElements(
    type,
    flat.map((each, at) => encodeValue(parts[at % parts.length] as CqlType, each))
  );
}

function partsOf(type: Exclude<CqlType, { kind: 'native' }>): CqlType[];
function partsOf(type: CqlType): CqlType[];
function partsOf(type: CqlType): CqlType[] {
  return type.kind === 'native' ? [] : type.kind === 'map' ? [type.key, type.value] : [type.of];
}

/** The elements of a collection; of a map, keys and values in turn. */
function elements(type: CqlType, value: Buffer): Buffer[] {
  const reader = new Reader(value);
  try {
    return reader.times(reader.int() * partsOf(type).length, () => {
      const element = reader.bytes();
      if (element === null) {
        throw invalid('null is not supported inside collections');
      }
      return element;
    });
  } catch (error) {
    throw error instanceof RangeError ? invalid(`Not enough bytes to read a ${typeName(type)}`) : error;
  }
}

function isText(name: NativeName): boolean {
  return name === 'text' || name === 'ascii';
}

function unquoted(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    throw invalid(`Could not decode JSON string: ${json}`);
  }
}

function text(option: number): INative {
  return {
    option,
    bytes: null,
    literals: ['string'],
    encode: it => Buffer.from(it, 'utf8'),
    json: value => JSON.stringify(value.toString('utf8'))
  };
}

function integer(option: number, bytes: number): INative {
  const bits = BigInt(8 * bytes - 1);
  return {
    option,
    bytes,
    literals: ['integer'],
    encode: it => {
      const value = /^-?\d+$/.test(it) ? BigInt(it) : null;
      return value === null || value < -(1n << bits) || value >= 1n << bits ? undefined : signed(value, bytes);
    },
    json: value => String(readSigned(value))
  };
}

function floating(option: number, bytes: 4 | 8): INative {
  return {
    option,
    bytes,
    literals: ['integer', 'float'],
    encode: it => {
      const value = Number(it);
      if (it.trim() === '' || (Number.isNaN(value) && it !== 'NaN')) {
        return undefined;
      }
      const encoded = Buffer.alloc(bytes);
      if (bytes === 4) {
        encoded.writeFloatBE(value);
      } else {
        encoded.writeDoubleBE(value);
      }
      return encoded;
    },
    json: value => {
      const number = bytes === 4 ? value.readFloatBE(0) : value.readDoubleBE(0);
      // JSON has no other words for NaN and the infinities.
      return Number.isFinite(number) ? (Object.is(number, -0) ? '-0.0' : String(number)) : 'null';
    }
  };
}

/** Two's complement in so many bytes. */
function signed(value: bigint, bytes: number): Buffer {
  return Buffer.from(
    BigInt.asUintN(8 * bytes, value)
      .toString(16)
      .padStart(2 * bytes, '0'),
    'hex'
  );
}

function readSigned(value: Buffer): bigint {
  return BigInt.asIntN(8 * value.length, BigInt(`0x${value.toString('hex')}`));
}

function long(value: bigint | undefined): Buffer | undefined {
  return value === undefined ? undefined : signed(value, 8);
}

/** Scale, then the unscaled number in as few bytes as hold its sign. */
function encodeDecimal(it: string): Buffer | undefined {
  const match = /^(-?\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(it);
  if (match === null) {
    return undefined;
  }
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const unscaled = BigInt(whole + fraction);
  let bytes = 1;
  while (BigInt.asIntN(8 * bytes, unscaled) !== unscaled) {
    bytes += 1;
  }
  return new Writer()
    .int(fraction.length - Number(exponent))
    .raw(signed(unscaled, bytes))
    .done();
}

function decimalText(value: Buffer): string {
  const scale = value.readInt32BE(0);
  const unscaled = readSigned(value.subarray(4));
  if (scale <= 0) {
    return scale === 0 ? String(unscaled) : `${unscaled}E+${-scale}`;
  }
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function encodeDate(it: string): Buffer | undefined {
  const days = /^\d+$/.test(it)
    ? Number(it)
    : /^-?\d{4,}-\d\d-\d\d$/.test(it)
      ? Date.parse(`${it}T00:00:00Z`) / MS_PER_DAY + DAY_ZERO
      : NaN;
  return Number.isInteger(days) && days < 2 ** 32 ? signed(BigInt(days), 4) : undefined;
}

/** Milliseconds since the epoch; in UTC where no zone is named. */
function instantMs(it: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?)?(?:Z|([+-]\d\d):?(\d\d))?$/.exec(it);
  if (match === null) {
    return undefined;
  }
  const [, day, minutes = '00:00', seconds = ':00', hours = '+00', zoneMinutes = '00'] = match;
  const ms = Date.parse(`${day}T${minutes}${seconds}${hours}:${zoneMinutes}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms);
}

function instantText(ms: bigint): string {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace('T', ' ');
}
