import { resolve } from 'node:path';
import { TwinstoreError } from '../contract';
import { INPUT_SIZES, folderTarget, inputWish, provideInput, stackInputTarget } from '../stack';
import type { IInputResult, InputSize, Progress } from '../stack';
import { WrongUse } from './command';
import type { IContext } from './command';
import { ProgressLine } from './progress';
import { count } from './words';

/** Which input is asked for on the command line. */
export interface IInputOptions {
  /** A size's name or a number of households. */
  rows: string;
  until?: string;
  /** A local folder in place of the stack's raw bucket. */
  to?: string;
}

/** Households of a size. Throws WrongUse when there is no such size. */
export function householdsOf(rows: string): number {
  const size = INPUT_SIZES[rows as InputSize];
  if (size === undefined && !/^[1-9]\d{0,3}$/.test(rows)) {
    throw new WrongUse(`--rows takes ${Object.keys(INPUT_SIZES).join(', ')} or a number of households, not '${rows}'.`);
  }
  return size ?? Number(rows);
}

/** Make sure that the energy input is there. Without `progress` a line on stderr shows it. */
export async function makeInput(
  name: string,
  options: IInputOptions,
  context: IContext,
  progress?: Progress
): Promise<IInputResult> {
  const wish = inputWish(householdsOf(options.rows), options.until);
  const target = options.to ? folderTarget(resolve(context.cwd, options.to)) : stackInputTarget(name, context.env);
  if (!target) {
    throw new TwinstoreError(
      'unavailable',
      `There is no stack ${name}.`,
      `Run \`twinstore stack up --name ${name}\`, or give a folder (\`--to\`).`
    );
  }
  const line = new ProgressLine(context.stderr);
  try {
    return await provideInput(wish, target, progress ?? line.show, context.signal);
  } finally {
    line.end();
    target.close();
  }
}

export function inputInWords({ how, address, households, until, rows }: IInputResult): string {
  return how === 'own'
    ? `${address} holds files of your own, which stay as they are.`
    : `${address} holds ${count(rows ?? 0)} rows of ${count(households)} households up to ${until}` +
        (how === 'found' ? ', as before.' : '.');
}
