import { readFile, stat } from 'node:fs/promises';

import { TwinstoreError } from '../../contract';

/**
 * The entries of a credentials file: a JSON object of strings, readable by its owner only.
 *
 * @param remember Told every secret before anything can go wrong with it.
 */
export async function readCredentials(
  path: string,
  remember: (secret: string) => void
): Promise<Readonly<Record<string, string>>> {
  let mode: number;
  let text: string;
  try {
    mode = (await stat(path)).mode & 0o777;
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new TwinstoreError(
      'bad_request',
      `The credentials' file ${path} could not be read.`,
      'Correct `credentials.file` in the settings.',
      { details: String((cause as NodeJS.ErrnoException).code), cause }
    );
  }
  if ((mode & 0o077) !== 0) {
    throw new TwinstoreError(
      'forbidden',
      `The credentials' file ${path} can be read by others (mode ${mode.toString(8).padStart(4, '0')}).`,
      `Run \`chmod 600 ${path}\`.`
    );
  }
  const entries = parse(text);
  if (entries === null) {
    // Neither the text nor the parser's message: both may hold the secret.
    throw new TwinstoreError(
      'bad_request',
      `The credentials' file ${path} is not a JSON object of strings.`,
      'Write {access_key_id, secret_access_key} or {username, password} into it.'
    );
  }
  for (const [name, value] of Object.entries(entries)) {
    if (name !== 'username') {
      remember(value);
    }
  }
  return entries;
}

function parse(text: string): Record<string, string> | null {
  try {
    const entries: unknown = JSON.parse(text);
    return typeof entries === 'object' &&
      entries !== null &&
      !Array.isArray(entries) &&
      Object.values(entries).every(v => typeof v === 'string')
      ? (entries as Record<string, string>)
      : null;
  } catch {
    return null;
  }
}
