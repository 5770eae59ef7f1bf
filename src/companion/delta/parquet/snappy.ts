/** Bytes that one byte of a block can stand for, and some: a copy of 64 takes three. */
const MAX_RATIO = 32;
/** Bytes of a piece from which on a call to copy it takes less than a loop. */
const LONG = 32;

/**
 * The bytes of a Snappy block (google/snappy, format_description.txt). Long pieces are copied as a whole, and pages of
 * numbers are little else: byte by byte, as hyparquet goes, they take ten times as long.
 *
 * Throws `Error` for a block that does not hold just `length` bytes.
 */
export function uncompress(block: Uint8Array, length: number): Uint8Array {
  if (length > block.length * MAX_RATIO) {
    throw new Error(`${block.length} bytes of Snappy claim to hold ${length}`);
  }
  const bytes = new Uint8Array(length);
  let done = 0;
  // After the length, which the page's header tells as well.
  let at = block.findIndex(byte => byte < 0x80) + 1;
  // What lies beyond the block is undefined, which no comparison below lets pass.
  while (at < block.length) {
    const tag = block[at++] as number;
    const kind = tag & 3;
    let size = (tag >> 2) + 1;
    if (kind === 0) {
      if (size > 60) {
        const width = size - 60;
        size = numberAt(block, at, width) + 1;
        at += width;
      }
      const end = at + size;
      const until = done + size;
      if (!(end <= block.length && until <= length)) {
        throw damaged();
      }
      if (size > LONG) {
        bytes.set(block.subarray(at, end), done);
        at = end;
        done = until;
      }
      while (done < until) {
        bytes[done++] = block[at++] as number;
      }
    } else {
      let back: number;
      if (kind === 1) {
        size = ((tag >> 2) & 7) + 4;
        back = (tag >> 5) * 256 + (block[at++] as number);
      } else {
        const width = kind === 2 ? 2 : 4;
        back = numberAt(block, at, width);
        at += width;
      }
      const until = done + size;
      if (!(back > 0 && back <= done && until <= length)) {
        throw damaged();
      }
      // Byte by byte, for what is copied may reach into itself.
      while (done < until) {
        bytes[done] = bytes[done - back] as number;
        done++;
      }
    }
  }
  if (done !== length) {
    throw damaged();
  }
  return bytes;
}

/** A number in little endian; NaN where the bytes end too early. */
function numberAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) {
    value = value * 256 + (bytes[at + i] as number);
  }
  return value;
}

function damaged(): Error {
  return new Error('a page is not sound Snappy');
}
