import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TwinstoreError } from '../contract';
import type { IContext } from './command';

const FOLDER = 'notebooks';
const ENERGY = 'energy_features.ipynb';

/**
 * The dual-write notebook, where it may be run: the checkout's, else a copy in `notebooks` of the working folder.
 *
 * Throws `not_found` when this installation has none.
 */
export async function energyNotebook(context: IContext): Promise<string> {
  const folder = examples(context);
  if (folder !== installed(context)) {
    return join(folder, ENERGY);
  }
  const own = join(context.cwd, FOLDER);
  await writing(own, () => copyExamples(own, context));
  return join(own, ENERGY);
}

/** Copy the example notebooks into `folder`; those that are there already stay as they are. */
export async function copyExamples(folder: string, context: IContext): Promise<void> {
  const source = examples(context);
  const names = (await readdir(source)).filter(name => name.endsWith('.ipynb'));
  await mkdir(folder, { recursive: true });
  for (const name of names) {
    try {
      await copyFile(join(source, name), join(folder, name), constants.COPYFILE_EXCL);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
  }
}

/** Do what writes to a path. Throws `forbidden` when the system does not let it. */
export async function writing(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) {
      throw error;
    }
    throw new TwinstoreError(
      'forbidden',
      `${path} could not be written (${code}).`,
      'See what lies in its way, and to the rights of its folder.',
      { cause: error }
    );
  }
}

/** Folder of the example notebooks: the installed package's, or of a checkout above the program. */
function examples(context: IContext): string {
  for (let at = dirname(context.program); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, FOLDER, ENERGY))) {
      return join(at, FOLDER);
    }
  }
  throw new TwinstoreError(
    'not_found',
    `No ${join(FOLDER, ENERGY)} lies above ${context.program}.`,
    'Install twinstore again, or run a notebook of your own with `twinstore run`.'
  );
}

/** Where the wheel has them, which is no place to work in. */
function installed({ program }: IContext): string {
  return join(dirname(dirname(program)), FOLDER);
}
