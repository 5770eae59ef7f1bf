import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
  return JSON.parse(readFileSync(file, 'utf8'));
}
