import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

/** Bytes of a text or of bytes that are read: as hexadecimal digits they are nearly the longest text of JavaScript. */
export const MAX_VALUE_BYTES = 256_000_000;

/** Whether a column, or one inside of it, has a longer value. */
export function hasLongValue(data: Data): boolean {
  const { type, children, length, dictionary } = data;
  if (dictionary) {
    return dictionary.data.some(hasLongValue);
  }
  if (!DataType.isUtf8(type) && !DataType.isBinary(type)) {
    return children.some(hasLongValue);
  }
  const { values, valueOffsets } = data as { values: Uint8Array; valueOffsets: Int32Array };
  if (values.length <= MAX_VALUE_BYTES) {
    return false;
  }
  return valueOffsets.subarray(0, length).some((start, i) => (valueOffsets[i + 1] ?? start) - start > MAX_VALUE_BYTES);
}
