import { makeBuilder } from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';

/** Values as one Arrow array. */
export function column(type: DataType, values: readonly unknown[]): Data {
  const builder = makeBuilder({ type, nullValues: [null] });
  values.forEach(value => builder.append(value));
  return builder.finish().flush();
}

/** A decimal of 128 bits as its four words. */
export function words(unscaled: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], shift => Number(BigInt.asUintN(32, unscaled >> shift)));
}
