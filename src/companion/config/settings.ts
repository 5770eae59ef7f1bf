import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'smol-toml';

import { CONFIG_SCHEMA, TwinstoreError } from '../../contract';
import type { Credentials, Settings } from '../../contract';
import { jsonSchema } from '../json_schema';

/** Where settings are looked for. */
export interface ISettingsPlaces {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  home: string;
}

export interface ILoadedSettings {
  /** The file they come from. */
  path: string;
  /** As `stampOf` gives it, of the file as it was read or before. */
  stamp: string;
  settings: Settings;
}

const checkSettings = jsonSchema<Settings>(CONFIG_SCHEMA);
const DEMO = 'Start the demo stack (`twinstore stack demo`)';

/** Paths at which the settings are looked for, in order; `TWINSTORE_CONFIG` alone when it is set. */
export function settingsCandidates({ env, cwd, home }: ISettingsPlaces): string[] {
  const named = env['TWINSTORE_CONFIG'];
  if (named !== undefined && named !== '') {
    return [resolve(cwd, named)];
  }
  const user = env['XDG_CONFIG_HOME'] || join(home, '.config');
  return [join(cwd, 'twinstore.toml'), join(user, 'twinstore', 'twinstore.toml')];
}

/** Finds, reads and checks the settings. There is no default target: without settings it throws `not_found`. */
export async function loadSettings(places: ISettingsPlaces): Promise<ILoadedSettings> {
  const candidates = settingsCandidates(places);
  for (const path of candidates) {
    // Before the text, so that a change between the two is one that the stamp does not know yet.
    const stamp = await stampOf(path);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        continue;
      }
      throw new TwinstoreError('bad_request', `The settings' file ${path} could not be read.`, 'Give it read access.', {
        details: String(cause),
        cause
      });
    }
    return { path, stamp, settings: parseSettings(text, path, places.home) };
  }
  throw new TwinstoreError(
    'not_found',
    `No settings: ${candidates.join(' and ')} ${candidates.length === 1 ? 'does' : 'do'} not exist.`,
    `${DEMO}, write one of these files yourself, or name another one by TWINSTORE_CONFIG.`
  );
}

/** Tells one state of a file from another; empty when there is none. */
export async function stampOf(path: string): Promise<string> {
  const info = await stat(path).catch(() => null);
  return info === null ? '' : `${info.ino} ${info.size} ${info.mtimeMs}`;
}

/** Settings from the text of a file. Everything wrong is named at once, with its place. */
export function parseSettings(text: string, path: string, home: string): Settings {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '';
    const { line, column } = cause as { line?: number; column?: number };
    throw new TwinstoreError(
      'bad_request',
      `${path} is not TOML at line ${line}, column ${column}: ${reason}.`,
      'Correct the line named.',
      { cause }
    );
  }
  const settings = checkSettings(raw, problems => {
    throw new TwinstoreError(
      'bad_request',
      `The settings (${path}) are not legal: ${problems}.`,
      'Correct them; the demo stack (`twinstore stack demo`) writes a file that serves as an example.'
    );
  });
  const { offline, online } = settings.stores;
  // A relative path of the settings begins at the folder of the file that names it.
  const place = (file: string) => resolve(dirname(path), file.replace(/^~(?=\/|$)/, home));
  return {
    ...settings,
    stores: {
      offline: { ...offline, ...placed(offline.credentials, place) },
      online: {
        ...online,
        ...placed(online.credentials, place),
        ...(online.ca === undefined ? {} : { ca: place(online.ca) })
      }
    }
  };
}

function placed(credentials: Credentials | undefined, place: (file: string) => string): { credentials?: Credentials } {
  if (credentials?.file === undefined) {
    return credentials === undefined ? {} : { credentials };
  }
  return { credentials: { ...credentials, file: place(credentials.file) } };
}
