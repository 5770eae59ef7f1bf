import { Writer } from './wire';

/** Error codes of the protocol (section 9). */
const CODE = {
  server: 0x0000,
  protocol: 0x000a,
  badCredentials: 0x0100,
  writeTimeout: 0x1100,
  readTimeout: 0x1200,
  syntax: 0x2000,
  unauthorized: 0x2100,
  invalid: 0x2200,
  config: 0x2300,
  alreadyExists: 0x2400,
  unprepared: 0x2500
} as const;

/** An answer that says no: a code, a sentence, and what the code's own body adds to it. */
export class CqlError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly extra: Buffer = Buffer.alloc(0)
  ) {
    super(message);
    this.name = 'CqlError';
  }

  /** Whether the statement was at fault, not the load or the server. */
  get isRefusal(): boolean {
    return this.code >= CODE.syntax && this.code !== CODE.unprepared;
  }

  /** The body of the ERROR response. */
  encode(): Buffer {
    return new Writer().int(this.code).string(this.message).raw(this.extra).done();
  }
}

/** The statement is against the rules. */
export const invalid = (message: string): CqlError => new CqlError(CODE.invalid, message);

/** The statement is no CQL, or none that is taken here. */
export const syntax = (message: string): CqlError => new CqlError(CODE.syntax, message);

/** The statement is CQL that Keyspaces takes and this fake does not: no verdict on whoever sent it. */
export const beyondFake = (what: string): CqlError => new CqlError(CODE.server, `The fake does not know ${what}.`);

export const serverError = (message: string): CqlError => new CqlError(CODE.server, message);
export const protocolError = (message: string): CqlError => new CqlError(CODE.protocol, message);
export const badCredentials = (message: string): CqlError => new CqlError(CODE.badCredentials, message);
export const unauthorized = (message: string): CqlError => new CqlError(CODE.unauthorized, message);
export const configError = (message: string): CqlError => new CqlError(CODE.config, message);

export const alreadyExists = (keyspace: string, table: string): CqlError =>
  new CqlError(
    CODE.alreadyExists,
    table === '' ? `Keyspace ${keyspace} already exists` : `Table ${keyspace}.${table} already exists`,
    new Writer().string(keyspace).string(table).done()
  );

export const unprepared = (id: Buffer): CqlError =>
  new CqlError(
    CODE.unprepared,
    `Prepared query with ID ${id.toString('hex')} not found`,
    new Writer().shortBytes(id).done()
  );

/** How many replicas have to answer at LOCAL_QUORUM of three. */
const REQUIRED = 2;

export const writeTimeout = (consistency: number, kind: 'SIMPLE' | 'BATCH' | 'UNLOGGED_BATCH' | 'CAS'): CqlError =>
  new CqlError(
    CODE.writeTimeout,
    `Operation timed out - received only 0 responses.`,
    new Writer().short(consistency).int(0).int(REQUIRED).string(kind).done()
  );

export const readTimeout = (consistency: number): CqlError =>
  new CqlError(
    CODE.readTimeout,
    `Operation timed out - received only 0 responses.`,
    new Writer().short(consistency).int(0).int(REQUIRED).byte(0).done()
  );
