import type { OfflineStore } from '../contract';
import { TwinstoreError } from '../contract';
import { readCredentials } from './config';
import { createS3Client, LocalStore, RoutedStore, S3Store, WorkerDecoder } from './delta';
import type { IAccessKey, IEngine } from './delta';

/** What reading of Delta tables takes from its process. */
export interface IOfflineContext {
  /** Path of the bundled decoding worker. */
  workerScript: string;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Told every secret that is read, so that no log shows it. */
  remember: (secret: string) => void;
}

/** The offline store of some settings. */
export interface IOffline {
  engine: IEngine;
  /** What people call the S3 endpoint. */
  s3Address: string;
  dispose(): Promise<void>;
}

const DECODE_DEADLINE_MS = 10_000;
const DECODE_MEMORY = 512 * 1024 * 1024;

/**
 * Makes what reads Delta tables. Nothing connects before it is asked.
 *
 * @param roots Canonical locations outside of which nothing is read.
 */
export async function openOffline(
  settings: OfflineStore,
  roots: readonly string[],
  { workerScript, random, remember }: IOfflineContext
): Promise<IOffline> {
  const key = await accessKey(settings.credentials?.file, remember);
  const s3Address = settings.endpoint ?? 'AWS';
  const s3Client = createS3Client(settings, key);
  const store = new RoutedStore(roots, new S3Store(s3Client, s3Address, random), new LocalStore(roots));
  const decoder = new WorkerDecoder({
    script: workerScript,
    deadlineMs: DECODE_DEADLINE_MS,
    maxMemory: DECODE_MEMORY
  });
  return {
    engine: { store, decoder },
    s3Address,
    dispose: async () => {
      s3Client.destroy();
      await decoder.dispose();
    }
  };
}

async function accessKey(file: string | undefined, remember: (secret: string) => void): Promise<IAccessKey | null> {
  if (file === undefined) {
    return null;
  }
  const { access_key_id, secret_access_key, session_token } = await readCredentials(file, remember);
  if (access_key_id === undefined || secret_access_key === undefined) {
    throw incompleteCredentials(file, 'access_key_id and secret_access_key');
  }
  return {
    accessKeyId: access_key_id,
    secretAccessKey: secret_access_key,
    ...(session_token === undefined ? {} : { sessionToken: session_token })
  };
}

/** The error of a credentials' file that lacks what is needed. */
export function incompleteCredentials(file: string, needed: string): TwinstoreError {
  return new TwinstoreError(
    'bad_request',
    `The credentials' file ${file} lacks ${needed}.`,
    `Write ${needed} into it.`
  );
}
