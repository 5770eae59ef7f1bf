import { lstat, mkdir, realpath, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { settingsCandidates } from '../companion';
import { TwinstoreError } from '../contract';
import { stackFolder, up } from '../stack';
import type { IInputResult, Progress } from '../stack';
import type { IContext } from './command';
import { makeInput } from './input';
import { copyExamples } from './notebooks';
import { stackHost } from './stack_host';

/** What was made for somebody who tries twinstore. */
export interface IDemo {
  /** The stack's settings file. */
  settings: string;
  /** Where it is found from now on by whoever names no other. */
  used_as: string;
  input: IInputResult;
}

/**
 * Start the stack called `name` with the small input, copy the example notebooks into `notebooks`, and use the stack
 * from now on wherever no settings are named.
 *
 * Throws `conflict` before anything is changed when other settings are in use.
 */
export async function startDemo(
  name: string,
  notebooks: string | undefined,
  context: IContext,
  progress: Progress
): Promise<IDemo> {
  const { settings } = stackFolder(name, context.env);
  const link = await placeFor(settings, context);
  await up(name, {}, stackHost(context, progress));
  const input = await makeInput(name, { rows: 'small' }, context, progress);
  if (notebooks !== undefined) {
    await copyExamples(notebooks, context);
  }
  // Last, for from here on everything reads and writes the stack.
  await use(settings, link);
  return { settings, used_as: link, input };
}

/** Where settings are looked for when none are named. Throws `conflict` when others are found there. */
async function placeFor(settings: string, { env, cwd }: IContext): Promise<string> {
  const candidates = settingsCandidates({ env, cwd, home: homedir() });
  const own = await realPath(settings);
  for (const path of candidates) {
    const found = await realPath(path);
    if (found === null) {
      continue;
    }
    if (found !== own) {
      throw new TwinstoreError(
        'conflict',
        `${path} holds settings already, and they stay in use.`,
        'Move that file away, or run `twinstore stack up` and name its settings by TWINSTORE_CONFIG.'
      );
    }
    return path;
  }
  return candidates.at(-1) ?? settings;
}

/** Let `link` lead to the settings. A link that leads nowhere is of a stack that was deleted, and is replaced. */
async function use(settings: string, link: string): Promise<void> {
  if ((await realPath(link)) !== null) {
    return;
  }
  await mkdir(dirname(link), { recursive: true, mode: 0o700 });
  if ((await lstat(link).catch(() => null))?.isSymbolicLink()) {
    await rm(link);
  }
  await symlink(settings, link);
}

function realPath(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}
