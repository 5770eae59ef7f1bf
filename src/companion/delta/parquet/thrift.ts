/** A value in Thrift's compact encoding: its wire type, and its bytes. */
export interface IThriftValue {
  readonly type: number;
  readonly bytes: readonly number[];
}

const [TRUE, FALSE, I8, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12] as const;

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
  let at = 0;
  const skip = (length: number) => {
    at += length;
    if (at > bytes.length) {
      throw new Error('it claims more than it holds');
    }
  };
  const next = () => {
    skip(1);
    return bytes[at - 1] as number;
  };
  const number = () => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = next();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  const value = (type: number) => {
    switch (type) {
      case TRUE:
      case FALSE:
        break;
      case I8:
        skip(1);
        break;
      case I16:
      case I32:
      case I64:
        number();
        break;
      case DOUBLE:
        skip(8);
        break;
      case BINARY:
        skip(number());
        break;
      case LIST: {
        const head = next();
        const item = head & 0x0f;
        const size = head < 0xf0 ? head >> 4 : number();
        for (let i = 0; i < size; i++) {
          // Booleans are told by their type in structs alone.
          value(item === TRUE || item === FALSE ? I8 : item);
        }
        break;
      }
      case STRUCT:
        for (let head = next(); (head & 0x0f) !== 0; head = next()) {
          if (head < 0x10) {
            number();
          }
          value(head & 0x0f);
        }
        break;
      default:
        throw new Error(`it has a value of the type ${type}`);
    }
  };
  value(STRUCT);
}
