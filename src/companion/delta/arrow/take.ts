import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { hasOffsets, laidOut, stride } from './layout';

type Values = Int32Array;

/** The values of a column at some rows, in their order; a row may be taken more than once. */
export function take(data: Data, rows: Uint32Array): Data {
  const { type } = data;
  const { length } = rows;
  if (DataType.isNull(type)) {
    return laidOut(type, length, { nullCount: length });
  }
  const validity = data.nullCount === 0 ? null : bits(data.nullBitmap as Uint8Array, rows);
  const nullCount = validity === null ? 0 : length - ones(validity);
  const nullBitmap = validity ?? undefined;
  if (DataType.isStruct(type)) {
    return laidOut(type, length, { nullCount, nullBitmap, children: data.children.map(child => take(child, rows)) });
  }
  if (DataType.isBool(type)) {
    return laidOut(type, length, { nullCount, nullBitmap, values: bits(data.values, rows) });
  }
  if (!hasOffsets(type)) {
    const { dictionary } = data;
    return laidOut(type, length, { nullCount, nullBitmap, dictionary, values: fixed(data.values, rows, stride(type)) });
  }
  const { valueOffsets, places } = spans(data.valueOffsets, rows);
  if (DataType.isUtf8(type) || DataType.isBinary(type)) {
    return laidOut(type, length, { nullCount, nullBitmap, valueOffsets, values: pieces(data, rows, valueOffsets) });
  }
  return laidOut(type, length, {
    nullCount,
    nullBitmap,
    valueOffsets,
    children: [take(data.children[0] as Data, places())]
  });
}

function bits(bitmap: Uint8Array, rows: Uint32Array): Uint8Array {
  const taken = new Uint8Array((rows.length + 7) >> 3);
  rows.forEach((row, i) => {
    if (((bitmap[row >> 3] ?? 0) >> (row & 7)) & 1) {
      taken[i >> 3] = (taken[i >> 3] ?? 0) | (1 << (i & 7));
    }
  });
  return taken;
}

function ones(bitmap: Uint8Array): number {
  let count = 0;
  for (let byte of bitmap) {
    for (; byte !== 0; byte &= byte - 1) {
      count++;
    }
  }
  return count;
}

function fixed(values: Values, rows: Uint32Array, width: number): Values {
  const taken = new (values.constructor as new (length: number) => Values)(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * width;
    for (let j = 0; j < width; j++) {
      taken[i * width + j] = values[from + j] as number;
    }
  }
  return taken;
}

/** New offsets, and the items that the taken spans hold. */
function spans(offsets: Int32Array, rows: Uint32Array) {
  const valueOffsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    valueOffsets[i + 1] = (valueOffsets[i] as number) + (offsets[row + 1] as number) - (offsets[row] as number);
  });
  const places = () => {
    const items = new Uint32Array(valueOffsets[rows.length] as number);
    rows.forEach((row, i) => {
      const from = offsets[row] as number;
      const at = valueOffsets[i] as number;
      for (let j = at; j < (valueOffsets[i + 1] as number); j++) {
        items[j] = from + j - at;
      }
    });
    return items;
  };
  return { valueOffsets, places };
}

function pieces({ values, valueOffsets: offsets }: Data, rows: Uint32Array, valueOffsets: Int32Array): Uint8Array {
  const taken = new Uint8Array(valueOffsets[rows.length] as number);
  rows.forEach((row, i) => {
    taken.set((values as Uint8Array).subarray(offsets[row], offsets[row + 1]), valueOffsets[i]);
  });
  return taken;
}
