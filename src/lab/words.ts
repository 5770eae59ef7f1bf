import type { TranslationBundle } from '@jupyterlab/translation';
import { dateText, timestampText } from '../arrow';
import { differing } from '../contract';
import type { IGroupSummary, IJobResult, ParityReport, Receipt, StateCounts } from '../contract';

const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A number with thousands separators. */
export function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

/** A figure that was calculated, as exact as it is worth. */
export function rounded(n: number): string {
  if (Math.abs(n) >= 1e15) {
    // A double has no more digits: what would be written would be made up.
    return n.toExponential(5).replace(/\.?0*e\+?/, 'e');
  }
  return n.toLocaleString('en-US', Math.abs(n) >= 1e5 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 6 });
}

/** A size in bytes, as exact as it is worth: `1.2 MB`. */
export function byteSize(bytes: number, trans: TranslationBundle): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const size = bytes / 1000 ** power;
  const digits = power === 0 || size >= 100 ? size.toFixed(0) : size.toFixed(1);
  return trans.__('%1\u00a0%2', digits, ['B', 'kB', 'MB', 'GB', 'TB'][power]);
}

/** A point in time, to the second: `2026-03-01 10:31:07 UTC`. */
export function absolute(us: number): string {
  const text = timestampText(BigInt(Math.floor(us)), true);
  return `${text.replace('T', ' ').slice(0, -'.000000Z'.length)} UTC`;
}

/** An event time: the date alone where it is midnight. */
export function eventTime(us: number): string {
  return us % DAY === 0 ? dateText(us / DAY) : absolute(us);
}

/** How long ago something was: `2 m ago`. */
export function ago(us: number, nowUs: number, trans: TranslationBundle): string {
  const age = Math.max(0, nowUs - us);
  return age < 5 * SECOND ? trans.__('just now') : trans.__('%1 ago', span(age, trans));
}

/** How far the newest event of a store lies behind: `3 m behind now`. */
export function freshness(us: number, nowUs: number, trans: TranslationBundle): string {
  const age = nowUs - us;
  return age < MINUTE ? trans.__('live') : trans.__('%1 behind now', span(age, trans));
}

/** How old the newest event is that a group holds: once, or for each store where they differ. */
export function newestEvents(group: IGroupSummary, nowUs: number, trans: TranslationBundle): string[] {
  const told = (us: number | null): string => (us === null ? '–' : ago(us, nowUs, trans));
  const offline = told(group.offline_event_us);
  const online = told(group.online_event_us);
  return offline === online
    ? [trans.__('newest event %1', offline)]
    : [trans.__('newest event offline %1', offline), trans.__('online %1', online)];
}

/** A duration in seconds, as exact as it is worth. */
export function duration(seconds: number, trans: TranslationBundle): string {
  if (seconds < 60) {
    return trans.__('%1\u00a0s', seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0));
  }
  const whole = Math.round(seconds);
  return trans.__('%1\u00a0min %2\u00a0s', Math.floor(whole / 60), whole % 60);
}

/** How Delta versions and the watermark stand: `v20`, or `v17→v20` while the online store is behind. */
export function versions(head: number | null, watermark: number | null): string {
  if (head === null) {
    return '';
  }
  if (watermark === null || watermark === head) {
    return `v${head}`;
  }
  return watermark < 0 ? `–→v${head}` : `v${watermark}→v${head}`;
}

/** What a write did, in one or two sentences. */
export function receiptSentence(receipt: Receipt, trans: TranslationBundle): string {
  const { appended, written, deleted, late, unconfirmed, failed } = receipt;
  if (unconfirmed > 0) {
    return trans.__('Up to %1 rows were not confirmed online; retry finishes them.', grouped(unconfirmed));
  }
  if (appended === 0 && written === 0 && deleted === 0 && failed === 0) {
    return receipt.operation === 'write' && receipt.unchanged > 0
      ? trans.__('Nothing new: history already holds all %1 rows.', grouped(receipt.rows_in))
      : trans.__('Nothing new to bring online.');
  }
  const clauses: string[] = [];
  if (appended > 0) {
    clauses.push(trans._n('%2 row added to history', '%2 rows added to history', appended, grouped(appended)));
  }
  if (written > 0) {
    clauses.push(trans._n('%2 row written online', '%2 rows written online', written, grouped(written)));
  }
  if (deleted > 0) {
    clauses.push(trans._n('%2 row deleted online', '%2 rows deleted online', deleted, grouped(deleted)));
  }
  if (late > 0) {
    clauses.push(
      trans._n('%2 late row kept in history only', '%2 late rows kept in history only', late, grouped(late))
    );
  }
  if (failed > 0) {
    clauses.push(trans._n('%2 row set aside as failed', '%2 rows set aside as failed', failed, grouped(failed)));
  }
  return `${clauses.join(', ')}.`;
}

/** What a job's writes did and what its proof found, a sentence each. */
export function resultSentences(result: IJobResult | null, trans: TranslationBundle): string[] {
  const { receipts = [], report } = result ?? {};
  return [
    ...receipts.map(receipt => receiptSentence(receipt, trans)),
    ...(report ? [verdictSentence(report, trans)] : [])
  ];
}

/** A row state in words. */
export function stateWords(state: keyof StateCounts, trans: TranslationBundle): string {
  switch (state) {
    case 'match':
      return trans.__('match');
    case 'missing_online':
      return trans.__('missing online');
    case 'extra_online':
      return trans.__('extra online');
    case 'stale_online':
      return trans.__('stale online');
    case 'ahead_online':
      return trans.__('ahead online');
    case 'mismatch':
      return trans.__('mismatch');
    case 'expired':
      return trans.__('expired');
    case 'in_flight':
      return trans.__('in flight');
  }
}

/** The verdict of a proof, in one sentence. */
export function verdictSentence(report: ParityReport, trans: TranslationBundle): string {
  const compared = grouped(report.coverage.keys_compared);
  const took = duration(report.duration_s, trans);
  switch (report.verdict) {
    case 'in_parity':
      return trans.__('In parity: %1 rows compared in %2.', compared, took);
    case 'out_of_parity':
      return trans.__('%1 of %2 rows differ; compared in %3.', grouped(differing(report.states)), compared, took);
    case 'no_difference_found':
      return trans.__('No difference found in the %1 rows that were compared.', compared);
    case 'unknown':
      return report.notes.length > 0
        ? trans.__('Unknown: %1', report.notes.join(' '))
        : trans.__('Unknown: nothing was compared.');
  }
}

function span(us: number, trans: TranslationBundle): string {
  if (us < MINUTE) {
    return trans.__('%1\u00a0s', Math.floor(us / SECOND));
  }
  if (us < HOUR) {
    return trans.__('%1\u00a0m', Math.floor(us / MINUTE));
  }
  if (us < DAY) {
    return trans.__('%1\u00a0h', Math.floor(us / HOUR));
  }
  return us < 2 * YEAR ? trans.__('%1\u00a0d', Math.floor(us / DAY)) : trans.__('%1\u00a0y', Math.floor(us / YEAR));
}
