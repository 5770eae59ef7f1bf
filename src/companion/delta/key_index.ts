import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { validityOf } from './arrow';

/** Numbers different keys from 0 on, by the bytes of their columns, without an object for each. */
export class KeyIndex {
  /** Different keys so far. */
  size = 0;

  /**
   * The number of each row's key; −1 where a column is null, and for a key that is not known unless it is to be added.
   *
   * @param columns Of the key, of text, bytes, whole numbers, decimals, booleans, dates or timestamps.
   */
  numbers(columns: readonly Data[], length: number, isAdded: boolean): Int32Array {
    const [only, ...others] = columns;
    if (only !== undefined && others.length === 0 && DataType.isDictionary(only.type)) {
      return this.ofDictionary(only, isAdded);
    }
    const encoders = columns.map(column => this.encoder(column));
    const numbers = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      this.end = 0;
      numbers[i] = encoders.every(encode => encode(i)) ? this.find(isAdded) : -1;
    }
    return numbers;
  }

  /** Each value of a dictionary is looked up once, if any row has it. */
  private ofDictionary(data: Data, isAdded: boolean): Int32Array {
    const places = data.values as Int32Array;
    const dictionary = dictionaryOf(data);
    const encode = this.encoder(dictionary);
    // −2 for what was not looked up yet.
    const known = new Int32Array(dictionary.length).fill(-2);
    const isThere = validityOf(data);
    const { length } = data;
    const numbers = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      if (!isThere(i)) {
        numbers[i] = -1;
        continue;
      }
      const place = places[i] as number;
      if (known[place] === -2) {
        this.end = 0;
        known[place] = encode(place) ? this.find(isAdded) : -1;
      }
      numbers[i] = known[place] as number;
    }
    return numbers;
  }

  /** Writes the bytes of a value after those before it; false for null. */
  private encoder(data: Data): (i: number) => boolean {
    const { type, values } = data;
    const isThere = validityOf(data);
    if (DataType.isDictionary(type)) {
      const encode = this.encoder(dictionaryOf(data));
      return i => isThere(i) && encode(values[i] as number);
    }
    if (DataType.isBool(type)) {
      return i => isThere(i) && this.put(Uint8Array.of(((values[i >> 3] ?? 0) >> (i & 7)) & 1), 0, 1);
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (DataType.isUtf8(type) || DataType.isBinary(type)) {
      const { valueOffsets } = data;
      const length = new Uint32Array(1);
      const lengthBytes = new Uint8Array(length.buffer);
      return i => {
        const start = valueOffsets[i] as number;
        const end = valueOffsets[i + 1] as number;
        length[0] = end - start;
        // After its bytes, so that those of two columns never run into each other.
        return isThere(i) && this.put(bytes, start, end) && this.put(lengthBytes, 0, 4);
      };
    }
    const width = DataType.isDecimal(type) ? type.bitWidth / 8 : (values.BYTES_PER_ELEMENT as number);
    return i => isThere(i) && this.put(bytes, i * width, (i + 1) * width);
  }

  private put(bytes: Uint8Array, start: number, end: number): true {
    if (this.end + end - start > this.key.length) {
      this.key = grown(this.key, this.end + end - start);
    }
    const { key } = this;
    let at = this.end;
    for (let i = start; i < end; i++) {
      key[at++] = bytes[i] as number;
    }
    this.end = at;
    return true;
  }

  /** The number of the key that was written. */
  private find(isAdded: boolean): number {
    const { key, end } = this;
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let i = 0; i < end; i++) {
      hash = Math.imul(hash ^ (key[i] as number), 0x01000193);
    }
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = (this.slots[slot] as number) - 1;
      if (number < 0) {
        return isAdded ? this.add(slot, hash) : -1;
      }
      if (this.hashes[number] === hash && this.isAt(number)) {
        return number;
      }
    }
  }

  private isAt(number: number): boolean {
    const start = this.starts[number] as number;
    if ((this.starts[number + 1] as number) - start !== this.end) {
      return false;
    }
    const { key, known } = this;
    for (let i = 0; i < this.end; i++) {
      if (key[i] !== known[start + i]) {
        return false;
      }
    }
    return true;
  }

  private add(slot: number, hash: number): number {
    const number = this.size++;
    const start = this.starts[number] as number;
    const end = start + this.end;
    this.known = end > this.known.length ? grown(this.known, end) : this.known;
    this.known.set(this.key.subarray(0, this.end), start);
    this.starts.push(end);
    this.hashes.push(hash);
    this.slots[slot] = number + 1;
    if (this.size * 2 > this.slots.length) {
      this.rehash();
    }
    return number;
  }

  private rehash(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    this.hashes.forEach((hash, number) => {
      let slot = hash & mask;
      while (slots[slot] !== 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = number + 1;
    });
    this.slots = slots;
  }

  /** The key that is written, up to `end`. */
  private key = new Uint8Array(64);
  private end = 0;
  /** Bytes of all known keys, one after the other, and where each starts. */
  private known = new Uint8Array(4096);
  private readonly starts: number[] = [0];
  private readonly hashes: number[] = [];
  /** Open addressing: a key's number plus one, 0 where there is none. */
  private slots = new Int32Array(1024);
}

function dictionaryOf({ dictionary }: Data): Data {
  return dictionary?.data[0] as Data;
}

function grown(bytes: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}
