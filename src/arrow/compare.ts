import { DecimalValue } from './values';
import type { Value } from './values';

/**
 * Orders two values of one column as Spark does: text and bytes by their bytes, NaN equal to itself and after every other
 * number, −0.0 equal to 0.0. Negative, zero or positive; NaN for values that have no order, such as nested ones.
 */
export function compareValues(a: NonNullable<Value>, b: NonNullable<Value>): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return Number.isNaN(a) || Number.isNaN(b)
      ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      : Math.sign(a - b || +(a > b) - +(a < b));
  }
  if (typeof a === 'string' && typeof b === 'string') {
    return compareText(a, b);
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return compareBytes(a, b);
  }
  if (a instanceof DecimalValue && b instanceof DecimalValue) {
    return compareValues(a.unscaled, b.unscaled);
  }
  return typeof a === typeof b && (typeof a === 'bigint' || typeof a === 'boolean')
    ? Number(a > b) - Number(a < b)
    : NaN;
}

/** The order of UTF-8 bytes is the order of code points. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) {
      return Math.sign(difference);
    }
  }
  return Math.sign(a.length - b.length);
}

/** UTF-16 has what lies beyond its 16 bits in pairs from the middle of its range: here they come last. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) {
      return Math.sign(difference);
    }
  }
  return Math.sign(a.length - b.length);
}
