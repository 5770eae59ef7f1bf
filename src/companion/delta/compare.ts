import { DecimalValue } from './arrow';
import type { Value } from './arrow';

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
    return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return Buffer.compare(a, b);
  }
  if (a instanceof DecimalValue && b instanceof DecimalValue) {
    return compareValues(a.unscaled, b.unscaled);
  }
  return typeof a === typeof b && (typeof a === 'bigint' || typeof a === 'boolean')
    ? Number(a > b) - Number(a < b)
    : NaN;
}
