import type { ParityReport, StateCounts } from './types';

/** The shown state of a feature group, worst first. */
export type GroupState = 'unreachable' | 'differs' | 'behind' | 'unknown' | 'in_parity';

/** What the shown state follows from. Times in µs since the epoch, ages in seconds. */
export interface IGroupFacts {
  /** Stores that did not answer, such as `Cassandra`; empty when all did. */
  unreachable: readonly string[];
  /** Head version of the Delta table. */
  head: number;
  /** Version up to which all is online; −1 when nothing is. */
  watermark: number;
  /** Runs of this group that are in flight. */
  running: number;
  /** Rows set aside in `failed_rows` that still are not online. */
  failedRows: number;
  /** Version that the online store was set back to on purpose, or null. */
  materializedAt: number | null;
  /**
   * Whose the online table is: `own` when it names this Delta table, `foreign` when it names another or none, `missing`
   * when there is none. `own` as well while the online store does not answer.
   */
  onlineTable: 'own' | 'foreign' | 'missing';
  /** When the newest receipt was made, or null. */
  lastReceiptUs: number | null;
  /** The newest proof whose coverage is full or changed and whose verdict is not `unknown`, or null. */
  lastProof: (Pick<ParityReport, 'verdict' | 'version' | 'at_us'> & { differing: number }) | null;
  proofMaxAgeS: number;
  nowUs: number;
}

/** A state with the words that stand beside its glyph. */
export interface IShownState {
  state: GroupState;
  words: string;
}

/** The glyph of each state. Decoration only: the words carry the meaning. */
export const STATE_GLYPH: Readonly<Record<GroupState, string>> = {
  unreachable: '✕',
  differs: '▲',
  behind: '◐',
  unknown: '○',
  in_parity: '●'
};

/**
 * The one rule for what a group's state is said to be: the first that holds.
 *
 * `test/vectors/group_state.json` tells it case by case.
 */
export function groupState(facts: IGroupFacts): IShownState {
  if (facts.unreachable.length > 0) {
    return { state: 'unreachable', words: `${facts.unreachable.join(' and ')} unreachable` };
  }
  if (facts.onlineTable === 'foreign') {
    return { state: 'differs', words: 'foreign online table' };
  }
  // Before the first write there is none, and nothing is wrong.
  if (facts.onlineTable === 'missing' && facts.watermark >= 0) {
    return { state: 'differs', words: 'online table missing' };
  }
  const proof = facts.lastProof;
  if (proof?.verdict === 'out_of_parity') {
    return { state: 'differs', words: count(proof.differing, 'row differs', 'rows differ') };
  }
  if (facts.failedRows > 0) {
    return { state: 'differs', words: count(facts.failedRows, 'row failed', 'rows failed') };
  }
  if (facts.materializedAt !== null) {
    return { state: 'differs', words: `online set to v${facts.materializedAt}` };
  }
  const lag = facts.head - facts.watermark;
  if (facts.running > 0) {
    return { state: 'behind', words: 'write in flight' };
  }
  if (lag > 0) {
    return { state: 'behind', words: `${grouped(lag)} behind` };
  }
  if (proof === null || proof.version === null) {
    return { state: 'unknown', words: 'never proved' };
  }
  if (proof.version < facts.head) {
    const ago = count(facts.head - proof.version, 'version ago', 'versions ago');
    return { state: 'unknown', words: `proved at v${proof.version}, ${ago}` };
  }
  if (facts.lastReceiptUs !== null && proof.at_us < facts.lastReceiptUs) {
    return { state: 'unknown', words: `proved at v${proof.version}, before the last write` };
  }
  if (facts.nowUs - proof.at_us > facts.proofMaxAgeS * 1e6) {
    return { state: 'unknown', words: `proved at v${proof.version}, proof too old` };
  }
  return { state: 'in_parity', words: 'in parity' };
}

/** Number of keys whose rows differ between the stores. */
export function differing(states: StateCounts): number {
  return states.missing_online + states.extra_online + states.stale_online + states.ahead_online + states.mismatch;
}

function count(n: number, one: string, many: string): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

function grouped(n: number): string {
  return n.toLocaleString('en-US');
}
