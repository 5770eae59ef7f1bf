import type { IJobProgress } from '../contract';
import type { Progress } from '../stack';
import { count, mebibytes } from './words';

/** What a stage takes of what is left of the whole, by what it counts; any other takes all of it. */
const SHARES: Readonly<Record<string, number>> = { bytes: 0.6, parts: 0.7 };

/** Tells stages that come one after the other as one whole in percent: it never goes back. */
export function asWhole(tell: Progress): Progress {
  let unit: string | null = null;
  let [begin, end, reached] = [0, 0, 0];
  return progress => {
    const { done, total } = progress;
    if (progress.unit !== unit) {
      unit = progress.unit;
      begin = end;
      end = begin + (100 - begin) * (SHARES[unit] ?? 1);
    }
    const share = total ? Math.min(1, done / total) : 0;
    reached = Math.max(reached, Math.floor(begin + (end - begin) * share));
    tell({ stage: inWords(progress), done: reached, total: 100, unit: '%' });
  };
}

/** What is being done, and how much of it is. */
function inWords({ stage, done, total, unit }: IJobProgress): string {
  if (!total || unit === 'parts') {
    return stage;
  }
  return unit === 'bytes'
    ? `${stage}, ${mebibytes(done)} of ${mebibytes(total)}`
    : `${stage}, ${count(done)} of ${count(total)} ${unit}`;
}
