import { homedir } from 'node:os';
import { join } from 'node:path';
import { TwinstoreError } from '../contract';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** Where one stack keeps what it knows and holds. */
export interface IStackFolder {
  root: string;
  settings: string;
  state: string;
  s3Credentials: string;
  cassandraCredentials: string;
  logs: string;
  cassandra: string;
  s3: string;
}

/**
 * Folder of the stack called `name`.
 *
 * Throws `bad_request` when the name could not be a folder's name.
 */
export function stackFolder(name: string, env: Environment): IStackFolder {
  if (!NAME.test(name)) {
    throw new TwinstoreError(
      'bad_request',
      `A stack cannot be called '${name}'.`,
      'Use up to 32 lower case letters, digits, - and _.'
    );
  }
  const root = join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'twinstore', name);
  return {
    root,
    settings: join(root, 'twinstore.toml'),
    state: join(root, 'state.json'),
    s3Credentials: join(root, 's3-credentials.json'),
    cassandraCredentials: join(root, 'cassandra-credentials.json'),
    logs: join(root, 'logs'),
    cassandra: join(root, 'cassandra'),
    s3: join(root, 's3')
  };
}

/** Folder of downloads, shared by all stacks. */
export function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'twinstore');
}
