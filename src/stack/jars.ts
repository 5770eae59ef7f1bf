import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TwinstoreError } from '../contract';
import type { IJobProgress } from '../contract';
import { findIvy, retrieve } from './ivy';
import type { IIvyRun } from './ivy';
import lock from './jars.lock.json';
import { lives } from './lives';

/** A jar as the lock file names it. */
export interface ILockedJar {
  /** `group:artifact:version`, and `:classifier` where it has one. */
  jar: string;
  sha256: string;
  bytes: number;
}

/** What runs on the jars. */
export type JarSet = keyof typeof lock;

export const JAR_SETS: Readonly<Record<JarSet, readonly ILockedJar[]>> = lock;

/** Told about every step of long work. */
export type Progress = (progress: IJobProgress) => void;

/** What fetching needs to know of this machine. */
export interface IJarFetcher {
  /** Folder of all sets. */
  folder: string;
  /** Home of a Java. */
  javaHome: string;
  /** Folder of pyspark's own jars, which have Ivy among them. Asked only when something is missing. */
  ivyFolder(): Promise<string>;
  progress: Progress;
  signal?: AbortSignal;
  /** URL of a Maven repository; default Maven Central. */
  repository?: string;
}

const POLL_MS = 250;
/** How the name of the folder of a fetch begins; the pid of who fetches follows. */
const FETCH = '.fetch-';

/** File name of a jar. */
export function jarFile({ jar }: ILockedJar): string {
  const [, artifact, version, ...classifier] = jar.split(':');
  return `${[artifact, version, ...classifier].join('-')}.jar`;
}

/** Folder of a set below the cache. */
export function jarFolder(cache: string, set: string): string {
  return join(cache, 'jars', set);
}

/** Jars of a set that are not in its folder. Sums were checked when a jar came; a file of another size is missing. */
export async function missingJars(folder: string, jars: readonly ILockedJar[]): Promise<ILockedJar[]> {
  const present = await Promise.all(
    jars.map(async jar => {
      const found = await stat(join(folder, jarFile(jar))).catch(() => null);
      return found?.size === jar.bytes;
    })
  );
  return jars.filter((_, index) => !present[index]);
}

/**
 * Bring every missing jar of the sets into `<folder>/<set>/`.
 *
 * A jar is downloaded beside its place, its sum checked, then moved, so that what lies in the folder is whole.
 * Throws `unavailable` when a download fails or a sum differs; nothing is kept of that jar then.
 */
export async function fetchJars(
  sets: Readonly<Record<string, readonly ILockedJar[]>>,
  fetcher: IJarFetcher
): Promise<void> {
  const wanted = await Promise.all(
    Object.entries(sets).map(async ([set, jars]) => ({
      set,
      jars: await missingJars(join(fetcher.folder, set), jars)
    }))
  );
  const missing = wanted.filter(({ jars }) => jars.length > 0);
  if (missing.length === 0) {
    return;
  }
  const ivy = await findIvy(await fetcher.ivyFolder());
  const { javaHome, repository } = fetcher;
  await mkdir(fetcher.folder, { recursive: true });
  await sweep(fetcher.folder);
  const work = await mkdtemp(join(fetcher.folder, `${FETCH}${process.pid}-`));
  const total = missing.flatMap(({ jars }) => jars).reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = (done: number): void =>
    fetcher.progress({ stage: 'Downloading jars', done: Math.min(done, total), total, unit: 'bytes' });
  const timer = setInterval(() => void folderBytes(work).then(tell), POLL_MS);
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, ...(fetcher.signal ? [fetcher.signal] : [])]);
  try {
    tell(0);
    const fetches = missing.map(({ set, jars }) =>
      fetchSet(join(fetcher.folder, set), jars, { ivy, javaHome, work: join(work, set), repository, signal })
    );
    await Promise.all(fetches).catch(async error => {
      controller.abort();
      await Promise.allSettled(fetches); // They write into the folder that is removed next.
      throw error;
    });
    tell(total);
  } finally {
    clearInterval(timer);
    await rm(work, { recursive: true, force: true });
  }
}

/** Remove what fetches left behind that were killed. */
async function sweep(folder: string): Promise<void> {
  const fetches = (await readdir(folder)).filter(name => name.startsWith(FETCH));
  const dead = fetches.filter(name => !lives(parseInt(name.slice(FETCH.length), 10)));
  await Promise.all(dead.map(name => rm(join(folder, name), { recursive: true, force: true })));
}

async function fetchSet(target: string, jars: readonly ILockedJar[], run: IIvyRun): Promise<void> {
  await mkdir(target, { recursive: true });
  const out = await retrieve(jars, run);
  for (const jar of jars) {
    const file = join(out, jarFile(jar));
    const sum = await sha256(file);
    if (sum !== jar.sha256) {
      throw new TwinstoreError(
        'unavailable',
        `The jar ${jar.jar} that was downloaded has sha256 ${sum}, and ${jar.sha256} was expected.`,
        'Try again; if it stays so, a proxy or mirror between here and Maven Central changes files.'
      );
    }
    await rename(file, join(target, jarFile(jar)));
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Bytes of the jars that Ivy has taken, whole or in part. */
async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const jars = names.filter(name => /\/cache\/.*\.jar(\.part)?$/.test(name));
  const sizes = await Promise.all(
    jars.map(name =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0
      )
    ) // moved meanwhile
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
