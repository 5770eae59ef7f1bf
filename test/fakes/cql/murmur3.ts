const C1 = 0x87c37b91114253d5n;
const C2 = 0x4cf5ad432745937fn;
const BLOCK_BYTES = 16;

/** The smallest token, which no key has. */
export const MIN_TOKEN = -(2n ** 63n);

/**
 * The token of a partition key: the first half of MurmurHash3 (x64, 128 bits), as Cassandra computes it: it takes the
 * bytes of an incomplete last block as signed.
 *
 * @param key The one column's bytes, or of several columns each with its length before and a zero after it.
 */
export function token(key: Buffer): bigint {
  const tailAt = key.length - (key.length % BLOCK_BYTES);
  let h1 = 0n;
  let h2 = 0n;
  for (let at = 0; at < tailAt; at += BLOCK_BYTES) {
    h1 = u64(rotate(h1 ^ mixFirst(key.readBigUInt64LE(at)), 27n) + h2) * 5n + 0x52dce729n;
    h2 = u64(rotate(h2 ^ mixSecond(key.readBigUInt64LE(at + 8)), 31n) + h1) * 5n + 0x38495ab5n;
    h1 = u64(h1);
    h2 = u64(h2);
  }
  if (key.length - tailAt > 8) {
    h2 ^= mixSecond(signedBytes(key, tailAt + 8, key.length));
  }
  if (key.length > tailAt) {
    h1 ^= mixFirst(signedBytes(key, tailAt, Math.min(tailAt + 8, key.length)));
  }
  h1 ^= BigInt(key.length);
  h2 ^= BigInt(key.length);
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  const found = BigInt.asIntN(64, finish(h1) + finish(h2));
  return found === MIN_TOKEN ? 2n ** 63n - 1n : found;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

function rotate(value: bigint, by: bigint): bigint {
  return u64(value << by) | (u64(value) >> (64n - by));
}

function mixFirst(block: bigint): bigint {
  return u64(rotate(u64(block * C1), 31n) * C2);
}

function mixSecond(block: bigint): bigint {
  return u64(rotate(u64(block * C2), 33n) * C1);
}

function finish(value: bigint): bigint {
  let mixed = value;
  mixed = u64((mixed ^ (mixed >> 33n)) * 0xff51afd7ed558ccdn);
  mixed = u64((mixed ^ (mixed >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return mixed ^ (mixed >> 33n);
}

function signedBytes(key: Buffer, from: number, to: number): bigint {
  let block = 0n;
  for (let at = from; at < to; at++) {
    block ^= BigInt(key.readInt8(at)) << BigInt(8 * (at - from));
  }
  return u64(block);
}
