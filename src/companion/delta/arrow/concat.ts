import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { hasOffsets, laidOut, stride } from './layout';

type Values = Int32Array;

/** Columns of one type as one, in their order; there is at least one. */
export function concat(parts: readonly Data[]): Data {
  const [first] = parts as [Data];
  const { type } = first;
  if (parts.length === 1) {
    return first;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const nullCount = parts.reduce((sum, part) => sum + part.nullCount, 0);
  const nullBitmap = nullCount === 0 || DataType.isNull(type) ? undefined : joinedBits(parts, length, validityOf);
  const children = first.children.map((_, i) => concat(parts.map(part => part.children[i] as Data)));
  return laidOut(type, length, {
    nullCount,
    nullBitmap,
    valueOffsets: hasOffsets(type) ? joinedOffsets(parts, length) : undefined,
    values: DataType.isBool(type)
      ? joinedBits(parts, length, ({ values }) => values as Uint8Array)
      : first.children.length > 0 || DataType.isNull(type)
        ? undefined
        : joined(parts.map(valuesOf)),
    children
  });
}

/** Null where all values are there. */
function validityOf({ nullCount, nullBitmap }: Data): Uint8Array | null {
  return nullCount === 0 ? null : (nullBitmap as Uint8Array);
}

/** Values of their own, without what a buffer may have beyond them. */
function valuesOf({ type, length, values, valueOffsets }: Data): Values {
  if (hasOffsets(type)) {
    return values.subarray(0, valueOffsets[length]);
  }
  return values.subarray(0, length * stride(type));
}

function joined(parts: readonly Values[]): Values {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new ((parts[0] as Values).constructor as new (length: number) => Values)(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function joinedOffsets(parts: readonly Data[], length: number): Int32Array {
  const offsets = new Int32Array(length + 1);
  let at = 0;
  let base = 0;
  for (const { valueOffsets, length: own } of parts) {
    for (let i = 0; i < own; i++) {
      offsets[at + i + 1] = base + (valueOffsets[i + 1] as number);
    }
    at += own;
    base = offsets[at] as number;
  }
  return offsets;
}

function joinedBits(parts: readonly Data[], length: number, bitsOf: (part: Data) => Uint8Array | null): Uint8Array {
  const all = new Uint8Array((length + 7) >> 3);
  let at = 0;
  for (const part of parts) {
    const bits = bitsOf(part);
    for (let i = 0; i < part.length; i++, at++) {
      if (bits === null || ((bits[i >> 3] ?? 0) >> (i & 7)) & 1) {
        all[at >> 3] = (all[at >> 3] ?? 0) | (1 << (at & 7));
      }
    }
  }
  return all;
}
