import type { Row } from '../../../src/companion/delta';

/** Rows as a multiset: texts that are equal only for rows of the same bits. */
export function multiset(table: readonly Row[]): string[] {
  return table.map(row => JSON.stringify(row, plain)).sort();
}

/** What JSON does not tell apart or cannot write. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) {
    return `${typeof value} ${value}`;
  }
  if (Object.is(value, -0)) {
    return 'negative zero';
  }
  if (value instanceof Map) {
    return [...value].map(entry => JSON.stringify(entry, plain)).sort();
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
