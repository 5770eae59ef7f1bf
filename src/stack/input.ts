import { TwinstoreError } from '../contract';
import { ALL_HOUSEHOLDS, ENERGY_COLUMNS, LAST_DAY, countRows, daysUntil, householdRows } from './energy';
import type { IInputTarget } from './input_target';
import type { Progress } from './jars';

/** Sizes of the energy input, in households. */
export const INPUT_SIZES = { small: 200, medium: 800, full: ALL_HOUSEHOLDS } as const;

export type InputSize = keyof typeof INPUT_SIZES;

/** Which energy input is wanted. */
export interface IInputWish {
  households: number;
  /** Last day, as ISO text. */
  until: string;
}

/** An input that is there. */
export interface IInputResult extends IInputWish {
  address: string;
  /** Null when the files are the user's own, which nobody counted. */
  rows: number | null;
  /** `written` now, `found` as it was wished, or `own` files of the user, which are left alone. */
  how: 'written' | 'found' | 'own';
}

/** Content of the file that tells a generated input from a user's own. Spark passes over names that begin with `_`. */
interface IMarker extends IInputWish {
  generator: number;
  rows: number;
  /** False while files are being replaced. */
  complete: boolean;
}

const MARKER = '_input.json';
/** Raised when the generator makes other rows than before. */
const GENERATOR = 1;
/** About 5 MB a file: enough files for the cores, and little to hold in memory. */
const HOUSEHOLDS_PER_FILE = 100;

/** The wish for an input of some households that ends at a day. Throws `bad_request` when there is no such input. */
export function inputWish(households: number, until: string = LAST_DAY): IInputWish {
  if (!Number.isInteger(households) || households < 1 || households > ALL_HOUSEHOLDS) {
    throw new TwinstoreError(
      'bad_request',
      `The energy input has 1 to ${ALL_HOUSEHOLDS} households, not ${households}.`,
      `Use ${Object.keys(INPUT_SIZES).join(', ')}, or a number.`
    );
  }
  try {
    daysUntil(until);
  } catch (error) {
    throw new TwinstoreError('bad_request', String((error as Error).message), 'Give a day as YYYY-MM-DD.');
  }
  return { households, until };
}

/**
 * Make sure that the target holds the wished input. Files that are no generated input are left as they are.
 *
 * While files are replaced the marker says so, so that an input that was cut short is made again.
 */
export async function provideInput(
  wish: IInputWish,
  target: IInputTarget,
  progress: Progress,
  signal?: AbortSignal
): Promise<IInputResult> {
  const [names, marker] = await Promise.all([target.names(), readMarker(target)]);
  const { address } = target;
  if (!marker && names.length > 0) {
    return { ...wish, address, rows: null, how: 'own' };
  }
  if (marker && isWished(marker, wish)) {
    return { ...wish, address, rows: marker.rows, how: 'found' };
  }
  const made: IMarker = {
    generator: GENERATOR,
    ...wish,
    rows: countRows(wish.households, daysUntil(wish.until)),
    complete: true
  };
  await writeMarker(target, { ...made, complete: false });
  const files = await writeFiles(wish, made.rows, target, progress, signal);
  for (const name of names.filter(name => name !== MARKER && !files.has(name))) {
    await target.remove(name);
  }
  await writeMarker(target, made);
  return { ...wish, address, rows: made.rows, how: 'written' };
}

async function writeFiles(
  { households, until }: IInputWish,
  total: number,
  target: IInputTarget,
  progress: Progress,
  signal?: AbortSignal
): Promise<Set<string>> {
  const days = daysUntil(until);
  const names = new Set<string>();
  let done = 0;
  let writing: Promise<void> = Promise.resolve();
  for (let first = 0; first < households; first += HOUSEHOLDS_PER_FILE) {
    signal?.throwIfAborted();
    progress({ stage: 'Writing the energy input', done, total, unit: 'rows' });
    const lines = [`${ENERGY_COLUMNS.join(',')}\n`];
    for (let household = first; household < Math.min(first + HOUSEHOLDS_PER_FILE, households); household++) {
      lines.push(...householdRows(household, days));
    }
    done += lines.length - 1;
    const name = `part-${String(first / HOUSEHOLDS_PER_FILE).padStart(5, '0')}.csv`;
    names.add(name);
    // One file is sent while the next is made.
    await writing;
    writing = target.write(name, Buffer.from(lines.join('')));
    writing.catch(() => undefined); // Thrown where it is awaited.
  }
  await writing;
  progress({ stage: 'Writing the energy input', done, total, unit: 'rows' });
  return names;
}

function isWished(marker: IMarker, { households, until }: IInputWish): boolean {
  return (
    marker.complete && marker.generator === GENERATOR && marker.households === households && marker.until === until
  );
}

async function readMarker(target: IInputTarget): Promise<IMarker | null> {
  const text = await target.read(MARKER);
  return text === null ? null : JSON.parse(text);
}

async function writeMarker(target: IInputTarget, marker: IMarker): Promise<void> {
  await target.write(MARKER, Buffer.from(`${JSON.stringify(marker)}\n`));
}
