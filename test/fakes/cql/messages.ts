import { protocolError } from './errors';
import type { CqlType } from './types';
import { writeType } from './types';
import { OPCODE, Reader, Writer } from './wire';
import type { BoundValue, IFrame } from './wire';

/** What goes with a statement that is to be run. */
export interface IParameters {
  consistency: number;
  /** Values of the markers, by position or by name. */
  values: readonly BoundValue[] | ReadonlyMap<string, BoundValue>;
  skipMetadata: boolean;
  pageSize: number | null;
  pagingState: Buffer | null;
  /** The write timestamp that the driver proposes, in microseconds. */
  timestampUs: bigint | null;
}

export interface IBatchItem {
  statement: { cql: string } | { id: Buffer };
  values: readonly BoundValue[];
}

export type Request =
  | { kind: 'startup'; options: ReadonlyMap<string, string> }
  | { kind: 'options' }
  | { kind: 'authResponse'; token: Buffer }
  | { kind: 'register' }
  | { kind: 'query'; cql: string; parameters: IParameters }
  | { kind: 'prepare'; cql: string }
  | { kind: 'execute'; id: Buffer; parameters: IParameters }
  | { kind: 'batch'; logged: boolean; items: readonly IBatchItem[]; parameters: IParameters };

/** A column of a result, or a marker. */
export interface ISpec {
  name: string;
  type: CqlType;
}

export interface IRows {
  keyspace: string;
  table: string;
  columns: readonly ISpec[];
  rows: readonly (readonly (Buffer | null)[])[];
  pagingState: Buffer | null;
}

export type SchemaChange = 'CREATED' | 'UPDATED' | 'DROPPED';

/** What a statement answers. */
export type Result =
  | { kind: 'void' }
  | ({ kind: 'rows' } & IRows)
  | { kind: 'keyspace'; keyspace: string }
  | { kind: 'schemaChange'; change: SchemaChange; keyspace: string; table: string | null };

/** A statement that was prepared. */
export interface IPrepared {
  id: Buffer;
  keyspace: string;
  table: string;
  variables: readonly ISpec[];
  /** Which variables are the partition key, in its order; empty where it is not all of variables. */
  keyIndexes: readonly number[];
  columns: readonly ISpec[];
}

const RESULT = { void: 1, rows: 2, keyspace: 3, prepared: 4, schemaChange: 5 } as const;

/** Bits of a request's flags. */
const QUERY = {
  values: 0x01,
  skip: 0x02,
  size: 0x04,
  state: 0x08,
  serial: 0x10,
  timestamp: 0x20,
  names: 0x40
} as const;

/** Bits of the flags of a result's metadata. */
const METADATA = { global: 1, more: 2, none: 4 } as const;

const COUNTER_BATCH = 2;

/** Reads a request. Throws a protocol error where it is none. */
export function decodeRequest(frame: IFrame): Request {
  const reader = new Reader(frame.body);
  try {
    return decode(frame.opcode, reader);
  } catch (error) {
    throw error instanceof RangeError ? protocolError(error.message) : error;
  }
}

function decode(opcode: number, reader: Reader): Request {
  switch (opcode) {
    case OPCODE.startup:
      return { kind: 'startup', options: reader.stringMap() };
    case OPCODE.options:
      return { kind: 'options' };
    case OPCODE.authResponse:
      return { kind: 'authResponse', token: reader.bytes() ?? Buffer.alloc(0) };
    case OPCODE.register:
      return { kind: 'register' };
    case OPCODE.query:
      return { kind: 'query', cql: reader.longString(), parameters: readParameters(reader) };
    case OPCODE.prepare:
      return { kind: 'prepare', cql: reader.longString() };
    case OPCODE.execute:
      return { kind: 'execute', id: reader.shortBytes(), parameters: readParameters(reader) };
    case OPCODE.batch:
      return readBatch(reader);
    default:
      throw protocolError(`Unknown opcode ${opcode}`);
  }
}

function readParameters(reader: Reader): IParameters {
  const consistency = reader.short();
  const flags = reader.byte();
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const values = !has(QUERY.values)
    ? []
    : has(QUERY.names)
      ? new Map(reader.times(reader.short(), () => [reader.string(), reader.value()] as const))
      : reader.times(reader.short(), () => reader.value());
  const pageSize = has(QUERY.size) ? reader.int() : null;
  const pagingState = has(QUERY.state) ? reader.bytes() : null;
  const timestampUs = readStamp(reader, flags);
  return { consistency, values, skipMetadata: has(QUERY.skip), pageSize, pagingState, timestampUs };
}

/** The end of a request: a level for conditions, of which there is only one here, and the driver's timestamp. */
function readStamp(reader: Reader, flags: number): bigint | null {
  if ((flags & QUERY.serial) !== 0) {
    reader.short();
  }
  return (flags & QUERY.timestamp) !== 0 ? reader.long() : null;
}

function readBatch(reader: Reader): Request {
  const type = reader.byte();
  if (type === COUNTER_BATCH) {
    throw protocolError('There are no counters here');
  }
  const items = reader.times(reader.short(), () => ({
    statement: reader.byte() === 0 ? { cql: reader.longString() } : { id: reader.shortBytes() },
    values: reader.times(reader.short(), () => reader.value())
  }));
  const consistency = reader.short();
  const timestampUs = readStamp(reader, reader.byte());
  const parameters = { consistency, values: [], skipMetadata: false, pageSize: null, pagingState: null, timestampUs };
  return { kind: 'batch', logged: type === 0, items, parameters };
}

/** The body of a RESULT. */
export function encodeResult(result: Result, skipMetadata: boolean): Buffer {
  const writer = new Writer().int(RESULT[result.kind]);
  switch (result.kind) {
    case 'void':
      break;
    case 'keyspace':
      writer.string(result.keyspace);
      break;
    case 'schemaChange':
      writer
        .string(result.change)
        .string(result.table === null ? 'KEYSPACE' : 'TABLE')
        .string(result.keyspace);
      if (result.table !== null) {
        writer.string(result.table);
      }
      break;
    case 'rows':
      writeMetadata(writer, result, skipMetadata, result.pagingState);
      writer.int(result.rows.length);
      result.rows.forEach(row => row.forEach(value => writer.bytes(value)));
  }
  return writer.done();
}

/** The body of the RESULT of a PREPARE. */
export function encodePrepared(prepared: IPrepared): Buffer {
  const { id, keyspace, table, variables, keyIndexes, columns } = prepared;
  const writer = new Writer().int(RESULT.prepared).shortBytes(id);
  writer.int(METADATA.global).int(variables.length).int(keyIndexes.length);
  keyIndexes.forEach(index => writer.short(index));
  writer.string(keyspace).string(table);
  writeSpecs(writer, variables);
  writeMetadata(writer, { keyspace, table, columns }, columns.length === 0, null);
  return writer.done();
}

function writeMetadata(
  writer: Writer,
  { keyspace, table, columns }: Pick<IRows, 'keyspace' | 'table' | 'columns'>,
  skip: boolean,
  pagingState: Buffer | null
): void {
  const more = pagingState === null ? 0 : METADATA.more;
  writer.int((skip ? METADATA.none : METADATA.global) | more).int(columns.length);
  if (pagingState !== null) {
    writer.bytes(pagingState);
  }
  if (!skip) {
    writer.string(keyspace).string(table);
    writeSpecs(writer, columns);
  }
}

function writeSpecs(writer: Writer, specs: readonly ISpec[]): void {
  for (const { name, type } of specs) {
    writer.string(name);
    writeType(type, writer);
  }
}
