import { lstat, mkdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { settingsCandidates } from '../companion';
import { TwinstoreError } from '../contract';
import { down, stackFolder, up } from '../stack';
import type { IInputResult, Progress } from '../stack';
import type { IContext } from './command';
import { makeInput } from './input';
import { copyExamples, writing } from './notebooks';
import { stackHost } from './stack_host';
import { asWhole } from './whole';

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
  if (notebooks !== undefined) {
    await writing(notebooks, () => copyExamples(notebooks, context));
  }
  const whole = asWhole(progress);
  const { found } = await up(name, {}, stackHost(context, whole));
  try {
    const input = await makeInput(name, { rows: 'small' }, context, whole);
    // The input is made without a pause in which a signal would be heard.
    await setImmediate();
    context.signal.throwIfAborted();
    // Last, for from here on everything reads and writes the stack.
    await writing(link, () => use(settings, link));
    return { settings, used_as: link, input };
  } catch (error) {
    if (!found) {
      await down(name, context.env);
    }
    throw error;
  }
}

/** Take away what leads to the settings of a stack that was deleted. */
export async function disuse(settings: string, { env, cwd }: IContext): Promise<void> {
  for (const path of settingsCandidates({ env, cwd, home: homedir() })) {
    if ((await target(path)) === settings) {
      await rm(path);
    }
  }
}

/** Where settings are looked for when none are named. Throws `conflict` when others are found there. */
async function placeFor(settings: string, { env, cwd }: IContext): Promise<string> {
  const candidates = settingsCandidates({ env, cwd, home: homedir() });
  for (const path of candidates) {
    if ((await target(path)) === settings) {
      return path;
    }
    if (await isThere(path)) {
      await requireOwn(path, settings);
      return path;
    }
  }
  return candidates.at(-1) ?? settings;
}

/** Let `link` lead to the settings. Throws `conflict` when something else has come there meanwhile. */
async function use(settings: string, link: string): Promise<void> {
  if (!(await isThere(link))) {
    await mkdir(dirname(link), { recursive: true, mode: 0o700 });
    await symlink(settings, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    });
  }
  await requireOwn(link, settings);
}

/** Throws `conflict` when a path is not, or does not lead to, these settings. */
async function requireOwn(path: string, settings: string): Promise<void> {
  const [found, own] = await Promise.all([path, settings].map(each => realpath(each).catch(() => null)));
  if (found === null || found !== own) {
    throw new TwinstoreError(
      'conflict',
      `${path} ${found === null ? 'is a link that leads nowhere' : 'holds settings already, and they stay in use'}.`,
      'Move it away, or run `twinstore stack up` and name the settings that it prints by TWINSTORE_CONFIG.'
    );
  }
}

/** Whether there is something at a path, be it a link that leads nowhere. */
function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false
  );
}

/** Where a link leads; null when it is none. */
function target(path: string): Promise<string | null> {
  return readlink(path).catch(() => null);
}
