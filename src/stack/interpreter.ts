import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TwinstoreError } from '../contract';
import type { Environment } from './paths';

const run = promisify(execFile);

/**
 * The Python that has pyspark and twinstore: `TWINSTORE_PYTHON`, else the environment that `folder` lies in (an
 * installed wheel), else the `.venv` of a folder above it (a checkout).
 *
 * Throws `unavailable` when there is none.
 */
export function findPython(env: Environment, folder: string): string {
  const named = env['TWINSTORE_PYTHON'];
  if (named) {
    return named;
  }
  for (let at = folder; ; at = dirname(at)) {
    const found = [join(at, '.venv'), at].find(place => existsSync(join(place, 'pyvenv.cfg')));
    if (found) {
      return join(found, 'bin', 'python');
    }
    if (at === dirname(at)) {
      throw new TwinstoreError(
        'unavailable',
        `No Python environment lies above ${folder}.`,
        'Set TWINSTORE_PYTHON to the interpreter that has twinstore[spark,run] installed.'
      );
    }
  }
}

/**
 * Folder of an installed Python package.
 *
 * Throws `unavailable` when the interpreter does not run or lacks the package.
 */
export async function packageFolder(python: string, name: string): Promise<string> {
  const program =
    'import importlib.util, os, sys; s = importlib.util.find_spec(sys.argv[1]); ' +
    'print(os.path.dirname(s.origin) if s else "")';
  let folder: string;
  try {
    folder = (await run(python, ['-c', program, name])).stdout.trim();
  } catch (cause) {
    throw new TwinstoreError(
      'unavailable',
      `The Python interpreter ${python} does not run.`,
      'Set TWINSTORE_PYTHON to one that has twinstore[spark,run] installed.',
      { cause, details: String(cause) }
    );
  }
  if (!folder) {
    throw new TwinstoreError(
      'unavailable',
      `The Python interpreter ${python} has no package ${name}.`,
      'Install twinstore[spark,run] into it, or set TWINSTORE_PYTHON to one that has it.'
    );
  }
  return folder;
}
