import type { Gap } from '../../contract';

/**
 * The version up to which everything is online: the end of the unbroken union of the gaps (from, to], beginning at −1.
 *
 * `test/vectors/watermark.json` binds it to its twin in Python.
 *
 * @param gaps Of the receipts of one table, in any order.
 */
export function watermark(gaps: readonly Gap[]): number {
  return [...gaps]
    .sort((a, b) => a.from - b.from)
    .reduce((end, { from, to }) => (from <= end ? Math.max(end, to) : end), -1);
}
