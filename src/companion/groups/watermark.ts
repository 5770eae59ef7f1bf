import type { Gap, Receipt } from '../../contract';

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

/**
 * The older version that the online store was set to on purpose, until every key is written again or a full proof finds
 * parity; null as a rule.
 *
 * `test/vectors/set_version.json` binds it to its twin in Python.
 *
 * @param receipts Of one table, in any order.
 * @param provedUs When a full proof found parity last.
 */
export function setVersion(
  receipts: readonly Pick<Receipt, 'operation' | 'version' | 'gap' | 'at_us'>[],
  provedUs: number | null
): number | null {
  const [newest] = receipts
    .filter(({ operation, version }) => operation === 'materialize' && version !== null)
    .sort((a, b) => b.gap.to - a.gap.to);
  if (newest === undefined) {
    return null;
  }
  const { to } = newest.gap;
  // A propagation over the commit of the older version wrote every key too.
  const undone = receipts.some(({ operation, gap }) => gap.to > to && (operation === 'materialize' || gap.from < to));
  return undone || (provedUs !== null && provedUs > newest.at_us) ? null : newest.version;
}
