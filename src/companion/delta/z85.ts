const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const DIGITS: ReadonlyMap<string, number> = new Map([...ALPHABET].map((character, i) => [character, i]));

/** Bytes of a Z85 text (https://rfc.zeromq.org/spec/32): four for each five characters. Null when it is none. */
export function z85(text: string): Uint8Array | null {
  if (text.length % 5 !== 0) {
    return null;
  }
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i += 5) {
    let word = 0;
    for (const character of text.slice(i, i + 5)) {
      word = word * 85 + (DIGITS.get(character) ?? NaN);
    }
    if (!(word <= 0xffffffff)) {
      return null;
    }
    view.setUint32((i / 5) * 4, word);
  }
  return bytes;
}

/** A UUID in its usual form from 20 characters of Z85; null when it is none. */
export function uuidOf(text: string): string | null {
  const bytes = z85(text);
  return bytes?.length === 16
    ? Buffer.from(bytes)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    : null;
}
