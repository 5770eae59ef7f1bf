import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';

import type { IColumnChunk } from './metadata';
import { Runs } from './runs';
import { uncompress } from './snappy';
import { checkStruct } from './thrift';

const CODECS = ['UNCOMPRESSED', 'SNAPPY'] as const;
/** Of the pages that are read here. */
export type PageCodec = (typeof CODECS)[number];
/** Old writers name BIT_PACKED for levels that flat columns have not. */
const ENCODINGS = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE', 'BIT_PACKED'];

/** The codec of a chunk whose pages are read here, as far as its footer tells; null for others. */
export function pageCodec({ codec, encodings }: Pick<IColumnChunk, 'codec' | 'encodings'>): PageCodec | null {
  return encodings.every(encoding => ENCODINGS.includes(encoding))
    ? (CODECS.find(known => known === codec) ?? null)
    : null;
}

/** Of parquet-format's `PageType` and `Encoding`. */
const [DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2] = [0, 2, 3] as const;
const [PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY] = [0, 2, 3, 8] as const;

/** A page of a flat column (parquet-format, Data Pages). */
export interface IPageBytes {
  kind: 'data' | 'dictionary' | 'other';
  /** Values, nulls among them. */
  count: number;
  /** Where the next page starts. */
  end: number;
  open: () => IOpenPage | null;
}

/** What a page holds. */
export interface IOpenPage {
  /** 1 where there is a value; null where all are there. */
  levels: Runs | null;
  encoding: 'plain' | 'dictionary' | 'runs';
  values: Uint8Array;
}

/** Fields of a Thrift struct by their numbers, as hyparquet reads them. */
type Fields = Readonly<Record<`field_${number}`, unknown>>;

/** The page that starts at a place. Throws `Error` where it is damaged. */
export function pageAt(bytes: Uint8Array, at: number, codec: PageCodec, isNullable: boolean): IPageBytes {
  checkStruct(bytes.subarray(at));
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at), offset: 0 };
  const header: Fields = deserializeTCompactProtocol(reader);
  const start = at + reader.offset;
  const end = start + whole(header.field_3);
  if (end > bytes.length) {
    throw new Error('a page is longer than its chunk');
  }
  const body = bytes.subarray(start, end);
  const size = whole(header.field_2);
  const unpacked = (part: Uint8Array, length: number) => (codec === 'SNAPPY' ? uncompress(part, length) : part);
  switch (header.field_1) {
    case DATA_PAGE: {
      const data = (header.field_5 ?? {}) as Fields;
      const open = () => openFirst(unpacked(body, size), data, isNullable);
      return { kind: 'data', count: whole(data.field_1), end, open };
    }
    case DATA_PAGE_V2: {
      const data = (header.field_8 ?? {}) as Fields;
      const values = whole(data.field_5) + whole(data.field_6);
      const isPacked = data.field_7 !== false;
      const rest = body.subarray(values);
      const open = () => openSecond(body, isPacked ? unpacked(rest, size - values) : rest, data, isNullable);
      return { kind: 'data', count: whole(data.field_1), end, open };
    }
    case DICTIONARY_PAGE: {
      const { field_1: count } = (header.field_7 ?? {}) as Fields;
      const open = (): IOpenPage => ({ levels: null, encoding: 'plain', values: unpacked(body, size) });
      return { kind: 'dictionary', count: whole(count), end, open };
    }
    default:
      return { kind: 'other', count: 0, end, open: () => null };
  }
}

/** A data page of version 1: the levels' length, the levels and the values are compressed together. */
function openFirst(page: Uint8Array, header: Fields, isNullable: boolean): IOpenPage | null {
  const encoding = encodingOf(header.field_2);
  if (encoding === null || (isNullable && header.field_3 !== RLE)) {
    return null;
  }
  if (!isNullable) {
    return { levels: null, encoding, values: page };
  }
  const [levels, values] = measured(page);
  return { levels: new Runs(levels, 1), encoding, values };
}

/** One of version 2: levels come first, without their length and never compressed. */
function openSecond(body: Uint8Array, values: Uint8Array, header: Fields, isNullable: boolean): IOpenPage | null {
  const encoding = encodingOf(header.field_4);
  const start = whole(header.field_6);
  const levels = isNullable ? new Runs(body.subarray(start, start + whole(header.field_5)), 1) : null;
  return encoding && { levels, encoding, values };
}

/** Bytes that have their length before them, and those after. */
export function measured(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const length = bytes.length < 4 ? NaN : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (!(4 + length <= bytes.length)) {
    throw new Error('a page ends before its levels do');
  }
  return [bytes.subarray(4, 4 + length), bytes.subarray(4 + length)];
}

function encodingOf(number: unknown): IOpenPage['encoding'] | null {
  switch (number) {
    case PLAIN:
      return 'plain';
    case PLAIN_DICTIONARY:
    case RLE_DICTIONARY:
      return 'dictionary';
    case RLE:
      return 'runs';
    default:
      return null;
  }
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new Error(`${String(value)} is no count of bytes or values`);
  }
  return value as number;
}
