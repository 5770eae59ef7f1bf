/**
 * The notations of the native protocol v4 (native_protocol_v4.spec, sections 2 and 3): frames, and the primitives that
 * their bodies are made of.
 */

export const VERSION = 4;
const RESPONSE = 0x80;
const HEADER_BYTES = 9;

/** Bits of a frame's flags. */
const COMPRESSED = 0x01;
const CUSTOM_PAYLOAD = 0x04;
const WARNING = 0x08;

export const OPCODE = {
  error: 0x00,
  startup: 0x01,
  ready: 0x02,
  authenticate: 0x03,
  options: 0x05,
  supported: 0x06,
  query: 0x07,
  result: 0x08,
  prepare: 0x09,
  execute: 0x0a,
  register: 0x0b,
  batch: 0x0d,
  authChallenge: 0x0e,
  authResponse: 0x0f,
  authSuccess: 0x10
} as const;

/** A value that a client binds: bytes, null, or undefined where it said "not set". */
export type BoundValue = Buffer | null | undefined;

/** One request as it came. */
export interface IFrame {
  version: number;
  flags: number;
  stream: number;
  opcode: number;
  body: Buffer;
}

/** Cuts a stream of bytes into frames. */
export class FrameSplitter {
  /** The frames that are complete with this chunk. */
  push(chunk: Buffer): IFrame[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: IFrame[] = [];
    while (this.rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.rest.readUInt32BE(5);
      if (this.rest.length < end) {
        break;
      }
      frames.push({
        version: this.rest.readUInt8(0),
        flags: this.rest.readUInt8(1),
        stream: this.rest.readInt16BE(2),
        opcode: this.rest.readUInt8(4),
        body: this.rest.subarray(HEADER_BYTES, end)
      });
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }

  private rest: Buffer = Buffer.alloc(0);
}

/** What a frame's flags ask for that this server does not do, or null. */
export function unreadable(frame: IFrame): string | null {
  if ((frame.flags & COMPRESSED) !== 0) {
    return 'Unknown compression algorithm';
  }
  return (frame.flags & CUSTOM_PAYLOAD) !== 0 ? 'Custom payloads are not read' : null;
}

/** A whole response. Warnings go before its body. */
export function encodeResponse(stream: number, opcode: number, body: Buffer, warnings: readonly string[] = []): Buffer {
  const text = warnings.length === 0 ? Buffer.alloc(0) : new Writer().stringList(warnings).done();
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(RESPONSE | VERSION, 0);
  header.writeUInt8(warnings.length === 0 ? 0 : WARNING, 1);
  header.writeInt16BE(stream, 2);
  header.writeUInt8(opcode, 4);
  header.writeUInt32BE(text.length + body.length, 5);
  return Buffer.concat([header, text, body]);
}

/** Reads the body of a request from its start on. Throws `RangeError` where it is too short. */
export class Reader {
  constructor(private readonly body: Buffer) {}

  byte(): number {
    return this.take(1).readUInt8(0);
  }

  short(): number {
    return this.take(2).readUInt16BE(0);
  }

  int(): number {
    return this.take(4).readInt32BE(0);
  }

  long(): bigint {
    return this.take(8).readBigInt64BE(0);
  }

  string(): string {
    return this.take(this.short()).toString('utf8');
  }

  longString(): string {
    return this.take(this.int()).toString('utf8');
  }

  shortBytes(): Buffer {
    return this.take(this.short());
  }

  bytes(): Buffer | null {
    const length = this.int();
    return length < 0 ? null : this.take(length);
  }

  /** Like bytes, where a length of −2 says "not set". */
  value(): BoundValue {
    const length = this.int();
    return length >= 0 ? this.take(length) : length === -2 ? undefined : null;
  }

  stringMap(): Map<string, string> {
    return new Map(this.times(this.short(), () => [this.string(), this.string()] as const));
  }

  stringList(): string[] {
    return this.times(this.short(), () => this.string());
  }

  times<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  private take(length: number): Buffer {
    if (length < 0 || this.at + length > this.body.length) {
      throw new RangeError('The frame ends too early');
    }
    this.at += length;
    return this.body.subarray(this.at - length, this.at);
  }

  private at = 0;
}

/** Writes the body of a response. */
export class Writer {
  byte(value: number): this {
    return this.raw(Buffer.from([value]));
  }

  short(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(value);
    return this.raw(bytes);
  }

  int(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  string(value: string): this {
    return this.shortBytes(Buffer.from(value, 'utf8'));
  }

  shortBytes(value: Buffer): this {
    return this.short(value.length).raw(value);
  }

  bytes(value: Buffer | null): this {
    return value === null ? this.int(-1) : this.int(value.length).raw(value);
  }

  stringList(values: readonly string[]): this {
    this.short(values.length);
    values.forEach(value => this.string(value));
    return this;
  }

  stringMultimap(values: Readonly<Record<string, readonly string[]>>): this {
    this.short(Object.keys(values).length);
    for (const [name, list] of Object.entries(values)) {
      this.string(name).stringList(list);
    }
    return this;
  }

  raw(bytes: Buffer): this {
    this.parts.push(bytes);
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }

  private readonly parts: Buffer[] = [];
}
