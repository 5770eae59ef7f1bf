import type { GroupState, IJob, JobState, Verdict } from '../contract';

/** The state whose sign stands for a verdict. A check that proves nothing is never shown as parity. */
export const VERDICT_STATE: Readonly<Record<Verdict, GroupState>> = {
  in_parity: 'in_parity',
  out_of_parity: 'differs',
  no_difference_found: 'unknown',
  unknown: 'unknown'
};

/** The sign of a job. One that ended well is `succeeded` only when what it found is good as well. */
export function signOf({ state, result }: IJob): GroupState | JobState {
  if (state !== 'succeeded') {
    return state;
  }
  const { report, receipts = [] } = result ?? {};
  const verdict = report && VERDICT_STATE[report.verdict];
  if (verdict === 'differs' || receipts.some(({ failed }) => failed > 0)) {
    return 'differs';
  }
  if (receipts.some(({ unconfirmed }) => unconfirmed > 0)) {
    return 'behind';
  }
  return verdict === 'unknown' ? verdict : state;
}
