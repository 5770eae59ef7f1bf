import type { IJobProgress } from '../contract';
import { count, mebibytes } from './words';

/** A stream that may be a terminal. */
export interface ITerminal extends NodeJS.WritableStream {
  isTTY?: boolean;
  columns?: number;
}

const BAR = 24;
/** Least time between two lines where nothing can be overwritten, in ms: of the same stage, and of another. */
const PLAIN_EVERY_MS = 5_000;
const PLAIN_STAGE_MS = 1_000;

/** Shows progress: one line that is drawn again on a terminal, elsewhere a line every few seconds. */
export class ProgressLine {
  constructor(
    private readonly out: ITerminal,
    private readonly now: () => number = () => performance.now()
  ) {}

  private stage = '';
  private shownAt = -Infinity;
  private drawn = false;

  readonly show = (progress: IJobProgress): void => {
    const text = describe(progress);
    if (this.out.isTTY) {
      this.out.write(`\r\x1b[2K${text.slice(0, (this.out.columns ?? 80) - 1)}`);
      this.drawn = true;
      return;
    }
    const quiet = this.now() - this.shownAt;
    // A stage may count in its own words, such as the seconds of a wait.
    const stage = progress.stage.replace(/\d/g, '');
    if (quiet >= (stage === this.stage ? PLAIN_EVERY_MS : PLAIN_STAGE_MS)) {
      this.out.write(`${text}\n`);
      this.shownAt = this.now();
      this.stage = stage;
    }
  };

  /** Write a whole line above the progress. */
  readonly say = (text: string): void => {
    this.end();
    this.out.write(`${text}\n`);
  };

  /** Take the progress away. */
  readonly end = (): void => {
    if (this.drawn) {
      this.out.write('\r\x1b[2K');
      this.drawn = false;
    }
  };
}

/** A point of progress in one line. */
export function describe({ stage, done, total, unit }: IJobProgress): string {
  const amount = (n: number): string => (unit === 'bytes' ? mebibytes(n) : count(n));
  const what = unit === 'bytes' ? '' : ` ${unit}`;
  const counted = unit === '%' ? `${done} %` : `${amount(done)} of ${amount(total ?? 0)}${what}`;
  if (total === null || total <= 0) {
    return done > 0 ? `${stage}  ${amount(done)}${what}` : stage;
  }
  const filled = Math.round((Math.min(done, total) / total) * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  return `${stage}  ${bar}  ${counted}`;
}
