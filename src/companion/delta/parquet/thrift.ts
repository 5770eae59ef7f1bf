/** A value in Thrift's compact encoding: its wire type, and its bytes. */
export interface IThriftValue {
  readonly type: number;
  readonly bytes: readonly number[];
}

const [TRUE, FALSE, I8, I16, DOUBLE, BINARY, STRUCT] = [1, 2, 3, 4, 7, 8, 12] as const;
export const [I32, I64, LIST] = [5, 6, 9] as const;

/** Thrift's compact protocol, as much of it as a Parquet footer needs. */
export const thrift = {
  bool: (value: boolean): IThriftValue => ({ type: value ? TRUE : FALSE, bytes: [] }),
  i8: (value: number): IThriftValue => ({ type: I8, bytes: [value & 0xff] }),
  i32: (value: number): IThriftValue => ({ type: I32, bytes: zigzag(value) }),
  /** A safe integer. */
  i64: (value: number): IThriftValue => ({ type: I64, bytes: zigzag(value) }),
  text(value: string): IThriftValue {
    const bytes = Buffer.from(value, 'utf8');
    return { type: BINARY, bytes: [...varint(bytes.length), ...bytes] };
  },
  /** Items of one type; not for booleans. */
  list(items: readonly IThriftValue[]): IThriftValue {
    const type = items[0]?.type ?? STRUCT;
    const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)];
    return { type: LIST, bytes: head.concat(...items.map(({ bytes }) => bytes)) };
  },
  /** Fields by their number; those that are undefined are left out. */
  struct(fields: Readonly<Record<number, IThriftValue | undefined>>): IThriftValue {
    let last = 0;
    const bytes: number[] = [];
    for (const [number, value] of Object.entries(fields)) {
      if (value !== undefined) {
        const step = Number(number) - last;
        last = Number(number);
        bytes.push(...(step < 16 ? [(step << 4) | value.type] : [value.type, ...zigzag(last)]), ...value.bytes);
      }
    }
    return { type: STRUCT, bytes: [...bytes, 0] };
  }
};

function zigzag(value: number): number[] {
  return varint(value < 0 ? -2 * value - 1 : 2 * value);
}

/** Little-endian groups of seven bits; by division, for shifts would cut at 32 bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      return [...bytes, rest];
    }
    bytes.push((rest % 128) | 0x80);
  }
}

/**
 * Reads over a struct. Throws for one that claims more than its bytes hold: who makes objects of it would go on making
 * them beyond its end, until no memory is left.
 */
export function checkStruct(bytes: Uint8Array): void {
  new ThriftReader(bytes).skip(STRUCT);
}

/** Reads what `thrift` writes, without objects. Throws `Error` for what claims more than its bytes hold. */
export class ThriftReader {
  constructor(private readonly bytes: Uint8Array) {}

  /**
   * Reads the fields of a struct.
   *
   * @param field Called for each with its number and type; false for one that it has not read, which is skipped.
   */
  struct(field: (number: number, type: number) => boolean): void {
    let number = 0;
    for (let head = this.byte(); (head & 0x0f) !== 0; head = this.byte()) {
      number = head < 0x10 ? this.integer() : number + (head >> 4);
      const type = head & 0x0f;
      if (!field(number, type)) {
        this.skip(type);
      }
    }
  }

  /** Reads a list of anything but booleans. */
  list(item: (type: number) => void): void {
    const head = this.byte();
    const size = head < 0xf0 ? head >> 4 : this.varint();
    for (let i = 0; i < size; i++) {
      item(head & 0x0f);
    }
  }

  /** Of 16, 32 or 64 bits; what is beyond a double's 53 is rounded. */
  integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(type: number): void {
    switch (type) {
      case TRUE:
      case FALSE:
        break;
      case I8:
        this.advance(1);
        break;
      case I16:
      case I32:
      case I64:
        this.varint();
        break;
      case DOUBLE:
        this.advance(8);
        break;
      case BINARY:
        this.advance(this.varint());
        break;
      case LIST:
        // Booleans are told by their type in structs alone.
        this.list(item => this.skip(item === TRUE || item === FALSE ? I8 : item));
        break;
      case STRUCT:
        this.struct(() => false);
        break;
      default:
        throw new Error(`it has a value of the type ${type}`);
    }
  }

  private varint(): number {
    let value = 0;
    // Ten groups of seven bits hold any number of 64.
    for (let unit = 1; unit <= 2 ** 63; unit *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        return value;
      }
    }
    throw new Error('it has a number of more than 64 bits');
  }

  private byte(): number {
    this.advance(1);
    return this.bytes[this.at - 1] as number;
  }

  private advance(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length) {
      throw new Error('it claims more than it holds');
    }
  }

  private at = 0;
}
