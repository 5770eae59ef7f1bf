import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { TwinstoreError } from '../contract';
import type { ICassandraLogin } from './cassandra';
import type { IStackFolder } from './paths';
import type { IS3Credentials } from './s3';

/** What opens the stack's S3; made at the first call. */
export function s3Credentials({ s3Credentials: file }: IStackFolder): IS3Credentials {
  return keep(file, () => ({
    access_key_id: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secret_access_key: randomBytes(24).toString('hex')
  }));
}

/** What opens the stack's Cassandra; made at the first call. */
export function cassandraLogin({ cassandraCredentials: file }: IStackFolder): ICassandraLogin {
  return keep(file, () => ({ username: 'twinstore', password: randomBytes(24).toString('hex') }));
}

/** The content of a file that only its user may read. */
function keep<T>(file: string, make: () => T): T {
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(make())}\n`, { mode: 0o600 });
  }
  const wanted = Object.keys(make() as object);
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    found = null;
  }
  if (!wanted.every(name => typeof (found as Record<string, unknown> | null)?.[name] === 'string')) {
    throw new TwinstoreError(
      'bad_request',
      `The credentials' file ${file} does not hold ${wanted.join(' and ')}.`,
      'Restore it. Or take the stack away with its data (`twinstore stack down --delete`), and start anew.'
    );
  }
  return found as T;
}
