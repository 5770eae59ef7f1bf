import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST } from './ports';
import type { IPart } from './part';

/** Buckets that the stack makes: what comes in, and what twinstore makes of it. */
export const BUCKETS = ['raw', 'features'] as const;
export const REGION = 'us-east-1';

/** What opens the stack's S3; the fields of the settings' credentials file. */
export interface IS3Credentials {
  access_key_id: string;
  secret_access_key: string;
}

/** What is needed to run an S3Proxy. */
export interface IS3Setup {
  /** Folder of the buckets and the configuration. */
  folder: string;
  log: string;
  /** The jar with everything in it. */
  jar: string;
  javaHome: string;
  port: number;
  credentials: IS3Credentials;
}

const PROBE_MS = 1_000;

export function s3Endpoint(port: number): string {
  return `http://${HOST}:${port}`;
}

/** Write S3Proxy's configuration and describe how to run it. */
export function s3(setup: IS3Setup): IPart {
  const { folder, port, credentials } = setup;
  const data = join(folder, 'data');
  // The filesystem backend takes each folder for a bucket.
  BUCKETS.forEach(bucket => mkdirSync(join(data, bucket), { recursive: true, mode: 0o700 }));
  const properties = join(folder, 's3proxy.properties');
  writeFileSync(
    properties,
    [
      `s3proxy.endpoint=${s3Endpoint(port)}`,
      's3proxy.authorization=aws-v2-or-v4',
      `s3proxy.identity=${credentials.access_key_id}`,
      `s3proxy.credential=${credentials.secret_access_key}`,
      'jclouds.provider=filesystem-nio2',
      'jclouds.identity=unused',
      'jclouds.credential=unused',
      `jclouds.filesystem.basedir=${data.replace(/[\\:=#! ]/g, '\\$&')}`,
      ''
    ].join('\n'),
    { mode: 0o600 }
  );
  return {
    name: 's3',
    title: 'S3',
    port,
    program: {
      command: join(setup.javaHome, 'bin', 'java'),
      args: [
        ...['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
        ...['-jar', setup.jar, '--properties', properties]
      ],
      cwd: folder,
      log: setup.log
    },
    startMs: 30_000,
    graceMs: 5_000,
    answers: () => refusesStrangers(port),
    prepare: async () => undefined
  };
}

/** Whether a port answers an unsigned request as S3 does: 403. */
async function refusesStrangers(port: number): Promise<boolean> {
  try {
    const { status } = await fetch(s3Endpoint(port), { signal: AbortSignal.timeout(PROBE_MS) });
    return status === 403;
  } catch {
    return false;
  }
}
