import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TwinstoreError } from '../contract';
import type { IJobProgress } from '../contract';
import lock from './jars.lock.json';

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
}

const POLL_MS = 250;

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
  await mkdir(fetcher.folder, { recursive: true });
  const work = await mkdtemp(join(fetcher.folder, '.fetch-'));
  const total = missing.flatMap(({ jars }) => jars).reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = (done: number): void =>
    fetcher.progress({ stage: 'Downloading jars', done: Math.min(done, total), total, unit: 'bytes' });
  const timer = setInterval(() => void folderBytes(work).then(tell), POLL_MS);
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, ...(fetcher.signal ? [fetcher.signal] : [])]);
  try {
    tell(0);
    await Promise.all(
      missing.map(({ set, jars }) =>
        fetchSet(ivy, join(work, set), join(fetcher.folder, set), jars, fetcher.javaHome, signal).catch(error => {
          controller.abort();
          throw error;
        })
      )
    );
    tell(total);
  } finally {
    clearInterval(timer);
    await rm(work, { recursive: true, force: true });
  }
}

async function findIvy(folder: string): Promise<string> {
  const name = (await readdir(folder).catch(() => [])).find(file => /^ivy-[\d.]+\.jar$/.test(file));
  if (!name) {
    throw new TwinstoreError('unavailable', `No Ivy is in ${folder}.`, 'Install twinstore[spark] again.');
  }
  return join(folder, name);
}

async function fetchSet(
  ivy: string,
  work: string,
  target: string,
  jars: readonly ILockedJar[],
  javaHome: string,
  signal: AbortSignal
): Promise<void> {
  await mkdir(work, { recursive: true });
  await mkdir(target, { recursive: true });
  await writeFile(join(work, 'ivy.xml'), ivyFile(jars));
  await writeFile(join(work, 'settings.xml'), IVY_SETTINGS);
  const out = join(work, 'out');
  const output = await runIvy(ivy, work, out, javaHome, signal);
  for (const jar of jars) {
    const file = join(out, jarFile(jar));
    if (!existsSync(file)) {
      throw failed(`The jar ${jar.jar} could not be downloaded from Maven Central.`, output);
    }
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

async function runIvy(ivy: string, work: string, out: string, javaHome: string, signal: AbortSignal): Promise<string> {
  const args = [
    ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', ivy, 'org.apache.ivy.Main'],
    ...['-settings', join(work, 'settings.xml'), '-cache', join(work, 'cache'), '-ivy', join(work, 'ivy.xml')],
    ...['-types', 'jar', '-retrieve', join(out, '[artifact]-[revision](-[classifier]).[ext]')]
  ];
  const child = spawn(join(javaHome, 'bin', 'java'), args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    // Ivy draws a dot for each block; they would fill the details of an error.
    stream.on('data', (data: Buffer) => (output = (output + data.toString().replace(/\.{3,}/g, '…')).slice(-8_000)));
  }
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(failed('The download of jars was stopped.', String(error))));
    child.once('close', code =>
      code === 0 ? resolve(output) : reject(failed('Jars could not be downloaded from Maven Central.', output))
    );
  });
}

function failed(message: string, output: string): TwinstoreError {
  const lines = output.split('\n').filter(line => /fail|error|exception|not found|unresolved/i.test(line));
  return new TwinstoreError(
    'unavailable',
    message,
    'Check the network (a proxy is set by JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=… -Dhttps.proxyPort=…) and try again.',
    { details: lines.slice(0, 20).join('\n') }
  );
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

// Only the named jars matter and their sums are checked here, so no POM is read and no sum is asked for.
const IVY_SETTINGS = `<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers>
    <ibiblio name="central" m2compatible="true" usepoms="false" useMavenMetadata="false" checksums=""/>
  </resolvers>
</ivysettings>
`;

/** Ivy takes each module once, so classifiers of one module are artifacts of one dependency. */
function ivyFile(jars: readonly ILockedJar[]): string {
  const modules = new Map<string, string[]>();
  for (const { jar } of jars) {
    const [group, artifact, version, classifier] = jar.split(':');
    const module = `org="${group}" name="${artifact}" rev="${version}"`;
    const extra = classifier ? ` m:classifier="${classifier}"` : '';
    const artifacts = modules.get(module) ?? [];
    artifacts.push(`<artifact name="${artifact}" type="jar" ext="jar"${extra}/>`);
    modules.set(module, artifacts);
  }
  const dependencies = [...modules].map(
    ([module, artifacts]) => `    <dependency ${module} transitive="false">${artifacts.join('')}</dependency>`
  );
  return `<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="twinstore" module="jars"/>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</ivy-module>
`;
}
