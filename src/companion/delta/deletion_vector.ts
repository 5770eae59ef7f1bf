import { TwinstoreError } from '../../contract';
import type { IDeletionVector } from './actions';
import { RoaringReader } from './roaring';
import { below, resolveLogPath } from './store';
import type { IObjectStore } from './store';
import { uuidOf, z85 } from './z85';

/** The serialization that the protocol names "portable" (PROTOCOL.md, Deletion Vector Format). */
const MAGIC = 1_681_511_377;
/** Characters of a UUID in Z85. */
const UUID_LENGTH = 20;
/** A deletion vector of this size would hold the rows of more files than one. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Rows in memory at once; runs of them take next to nothing in the vector. */
const MAX_ROWS = 50_000_000;

/**
 * The rows of a data file that are deleted, ascending.
 *
 * Throws `store_failed` for a vector whose size, checksum or cardinality is not what the log says.
 */
export async function readDeletionVector(
  store: IObjectStore,
  table: string,
  vector: IDeletionVector,
  signal: AbortSignal
): Promise<Float64Array> {
  const place = locate(table, vector);
  if (vector.sizeInBytes < 4 || vector.sizeInBytes > MAX_BYTES) {
    throw damaged(place, `claims ${vector.sizeInBytes} bytes`);
  }
  if (vector.cardinality > MAX_ROWS) {
    throw damaged(place, `claims ${vector.cardinality} rows of one file`);
  }
  const bytes = vector.storageType === 'i' ? inline(vector, place) : await stored(store, place, vector, signal);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== vector.sizeInBytes || bytes.length < 4) {
    throw damaged(place, `has ${bytes.length} bytes where the log says ${vector.sizeInBytes}`);
  }
  if (view.getInt32(0, true) !== MAGIC) {
    throw damaged(place, 'does not begin with the number of its format');
  }
  const rows = readRows(bytes.subarray(4), vector.cardinality, place);
  if (rows.length !== vector.cardinality) {
    throw damaged(place, `deletes ${rows.length} rows where the log says ${vector.cardinality}`);
  }
  return rows;
}

/** Where the vector lies, in words when it is part of the log. */
function locate(table: string, { storageType, pathOrInlineDv }: IDeletionVector): string {
  switch (storageType) {
    case 'i':
      return `the log of ${table}`;
    case 'p':
      return resolveLogPath(table, pathOrInlineDv);
    case 'u': {
      const prefix = pathOrInlineDv.slice(0, -UUID_LENGTH);
      const uuid = uuidOf(pathOrInlineDv.slice(-UUID_LENGTH));
      if (uuid === null || /[./\\]/.test(prefix)) {
        throw damaged(table, `is named ${JSON.stringify(pathOrInlineDv)}, which leads nowhere`);
      }
      return below(table, `${prefix === '' ? '' : `${prefix}/`}deletion_vector_${uuid}.bin`);
    }
    default:
      throw damaged(table, `is stored in the way ${JSON.stringify(storageType)}, which is not known`);
  }
}

/** Z85 writes whole words of four bytes; those beyond the vector's size are no part of it. */
function inline({ pathOrInlineDv, sizeInBytes }: IDeletionVector, place: string): Uint8Array {
  const bytes = z85(pathOrInlineDv);
  if (bytes === null) {
    throw damaged(place, 'is not Z85 text');
  }
  return bytes.length - sizeInBytes < 4 ? bytes.subarray(0, sizeInBytes) : bytes;
}

/** Big-endian: the size, the vector, its CRC-32. */
async function stored(
  store: IObjectStore,
  place: string,
  { offset, sizeInBytes }: IDeletionVector,
  signal: AbortSignal
): Promise<Uint8Array> {
  const start = offset ?? 1;
  const length = sizeInBytes + 8;
  const bytes = await store.read(place, { range: { start, end: start + length }, limit: length, signal });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== sizeInBytes) {
    throw damaged(place, `has ${view.getUint32(0)} bytes at ${start} where the log says ${sizeInBytes}`);
  }
  const vector = bytes.subarray(4, 4 + sizeInBytes);
  if (view.getUint32(4 + sizeInBytes) !== crc32(vector)) {
    throw damaged(place, `has another checksum at ${start}`);
  }
  return vector;
}

function readRows(bytes: Uint8Array, cardinality: number, place: string): Float64Array {
  try {
    return new RoaringReader(bytes).rows(cardinality);
  } catch (cause) {
    throw damaged(place, 'is not a sound bitmap', cause);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return crc;
});

/** Node has its own from 22.2 on. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function damaged(place: string, what: string, cause?: unknown): TwinstoreError {
  return new TwinstoreError(
    'store_failed',
    `A deletion vector of ${place} ${what}.`,
    'Restore it from a copy, or read an older version.',
    { cause, details: cause instanceof Error ? cause.message : '' }
  );
}
