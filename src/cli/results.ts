import type { IJobResult, ParityReport, Receipt, Verdict } from '../contract';
import { count, duration } from './words';

const VERDICT: Readonly<Record<Verdict, string>> = {
  in_parity: 'In parity',
  out_of_parity: 'OUT OF PARITY',
  no_difference_found: 'No difference found',
  unknown: 'Unknown'
};
const OFFENDERS_SHOWN = 5;

/** A job's result for a reader. */
export function jobResult({ receipts = [], report, notebook }: IJobResult): string {
  return [
    ...receipts.map(receiptInWords),
    ...(report ? [reportInWords(report)] : []),
    ...(notebook ? [`The executed notebook is ${notebook}\n`] : [])
  ].join('');
}

export function receiptInWords(receipt: Receipt): string {
  const { group, operation, run_id, rows_in, appended, unchanged, version } = receipt;
  const lines = [`Receipt of ${group}: ${operation} ${run_id}, ${duration(total(receipt))}`];
  if (operation === 'write') {
    lines.push(
      `  offline  ${count(rows_in)} rows in: ` +
        (appended + unchanged === 0 && rows_in > 0
          ? 'none appended, since this run was there before'
          : `${count(appended)} appended${version === null ? '' : ` as version ${version}`}, ` +
            `${count(unchanged)} were there already`)
    );
  }
  lines.push(`  online   ${onlineInWords(receipt)}`);
  const minor = (['deleted', 'late', 'corrected', 'superseded', 'expired', 'failed', 'unconfirmed'] as const)
    .filter(name => receipt[name] > 0)
    .map(name => `${count(receipt[name])} ${name}`);
  if (minor.length > 0) {
    lines.push(`  of note  ${minor.join(', ')}`);
  }
  if (receipt.resumed.length > 0) {
    lines.push(`  resumed  ${receipt.resumed.join(', ')}`);
  }
  if (!receipt.kept) {
    lines.push('  This receipt is not kept beside the table.');
  }
  return [...lines, ...receipt.notes.map(note => `  ${note}`), ''].join('\n');
}

export function reportInWords(report: ParityReport): string {
  const { verdict, group, version, coverage, states, offenders } = report;
  const anchor = version === null ? '' : ` at version ${version}`;
  const lines = [`${VERDICT[verdict]}: ${group}${anchor}`];
  const seen = Object.entries(states).filter(([, keys]) => keys > 0);
  lines.push(
    `  ${coverage.how} comparison of ${count(coverage.keys_compared)} keys in ${duration(report.duration_s)}: ` +
      (seen.map(([state, keys]) => `${count(keys)} ${state.replaceAll('_', ' ')}`).join(', ') || 'nothing to compare')
  );
  for (const { key, state, columns, reason } of offenders.shown.slice(0, OFFENDERS_SHOWN)) {
    const where = columns.length > 0 ? ` in ${columns.join(', ')}` : '';
    lines.push(`  ${Object.values(key).join(' / ')}: ${state.replaceAll('_', ' ')}${where}. ${reason}`);
  }
  if (offenders.total > OFFENDERS_SHOWN) {
    lines.push(`  … and ${count(offenders.total - OFFENDERS_SHOWN)} more, in the table _twinstore/offenders`);
  }
  if (!report.kept) {
    lines.push('  This proof is not kept beside the table.');
  }
  return [...lines, ...report.notes.map(note => `  ${note}`), ''].join('\n');
}

function onlineInWords({ operation, kept, unconfirmed, written, gap }: Receipt): string {
  if (operation === 'repair' && !kept && unconfirmed === 0) {
    return `${count(written)} rows would be written`;
  }
  return gap.from === gap.to
    ? `up to date at version ${gap.to}`
    : `${count(written)} rows written, now at version ${gap.to}`;
}

function total({ durations_s }: Receipt): number {
  return Object.values(durations_s).reduce((sum, seconds) => sum + seconds, 0);
}
