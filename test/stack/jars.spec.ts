import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { IJobProgress } from '../../src/contract';
import { findPython, packageFolder } from '../../src/stack/interpreter';
import { JAR_SETS, fetchJars, jarFile, missingJars } from '../../src/stack/jars';
import type { IJarFetcher, ILockedJar } from '../../src/stack/jars';
import { findJava } from '../../src/stack/java';

const folder = mkdtempSync(join(tmpdir(), 'jars-'));
const repository = join(folder, 'repository');
afterAll(() => rmSync(folder, { recursive: true }));

/** Put a jar into a local Maven repository and lock it. */
function publish(jar: string, content: string): ILockedJar {
  const [group = '', artifact = '', version = '', classifier] = jar.split(':');
  const place = join(repository, ...group.split('.'), artifact, version);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, `${[artifact, version, ...(classifier ? [classifier] : [])].join('-')}.jar`), content);
  return { jar, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
}

const one = publish('org.example:one:1.0', 'first jar');
const native = publish('org.example:one:1.0:native', 'native code');
const two = publish('org.example.deep:two:2.0-jre', 'second jar');

async function fetcher(cache: string, progress: IJobProgress[] = []): Promise<IJarFetcher> {
  const python = findPython(process.env, resolve(__dirname, '../..'));
  return {
    folder: join(folder, cache),
    javaHome: await findJava(process.env, () => python),
    ivyFolder: async () => join(await packageFolder(python, 'pyspark'), 'jars'),
    progress: step => progress.push(step),
    repository: pathToFileURL(repository).href
  };
}

test('every jar of every set lands in its folder, under the name that Maven gives it', async () => {
  const progress: IJobProgress[] = [];
  await fetchJars({ a: [one, native], b: [two] }, await fetcher('all', progress));
  expect(readdirSync(join(folder, 'all', 'a')).sort()).toEqual(['one-1.0-native.jar', 'one-1.0.jar']);
  expect(readFileSync(join(folder, 'all', 'b', 'two-2.0-jre.jar'), 'utf8')).toBe('second jar');
  expect(readdirSync(join(folder, 'all')).sort()).toEqual(['a', 'b']);
  expect(progress.at(-1)).toEqual({ stage: 'Downloading jars', done: 30, total: 30, unit: 'bytes' });
}, 60_000);

test('only what is missing or cut short is fetched, and nothing is asked when all is there', async () => {
  const place = join(folder, 'some', 'a');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, jarFile(one)), 'a jar of 9');
  writeFileSync(join(place, jarFile(two)), '2nd jar ok');
  expect(await missingJars(place, [one, native, two])).toEqual([one, native]);

  const progress: IJobProgress[] = [];
  await fetchJars({ a: [one, native, two] }, await fetcher('some', progress));
  expect(progress.at(-1)?.total).toBe(one.bytes + native.bytes);
  expect(readFileSync(join(place, jarFile(one)), 'utf8')).toBe('first jar');
  expect(readFileSync(join(place, jarFile(two)), 'utf8')).toBe('2nd jar ok');

  const ivyFolder = (): never => {
    throw new Error('asked');
  };
  await fetchJars({ a: [one, native, two] }, { ...(await fetcher('some')), ivyFolder });
}, 60_000);

test('a jar with another sum than the lock file says is refused by name and not kept', async () => {
  const planted = { ...two, sha256: 'f'.repeat(64) };
  const fetching = fetchJars({ a: [planted] }, await fetcher('planted'));
  await expect(fetching).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`org.example.deep:two:2.0-jre that was downloaded has sha256 ${two.sha256}`),
    remedy: expect.stringContaining('Try again')
  });
  expect(existsSync(join(folder, 'planted', 'a', jarFile(two)))).toBe(false);
  expect(readdirSync(join(folder, 'planted'))).toEqual(['a']);
}, 60_000);

test('a jar that cannot be had is one error that names it in the details', async () => {
  const gone = { ...one, jar: 'org.example:gone:3' };
  await expect(fetchJars({ a: [gone] }, await fetcher('gone'))).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The download of jars from Maven Central failed.',
    details: expect.stringContaining('org.example#gone;3')
  });
}, 60_000);

test('an aborted download leaves nothing behind', async () => {
  const aborted = { ...(await fetcher('aborted')), signal: AbortSignal.abort() };
  await expect(fetchJars({ a: [one] }, aborted)).rejects.toMatchObject({
    message: 'The download of jars from Maven Central was stopped.'
  });
  expect(readdirSync(join(folder, 'aborted'))).toEqual(['a']);
});

test('what a killed download left is removed by the next one, what another one is at is not', async () => {
  const cache = join(folder, 'killed');
  const own = `.fetch-${process.pid}-others`;
  for (const name of ['.fetch-999999999-a', own]) {
    mkdirSync(join(cache, name, 'a'), { recursive: true });
    writeFileSync(join(cache, name, 'a', 'half.jar'), '');
  }
  const aborted = { ...(await fetcher('killed')), signal: AbortSignal.abort() };
  await expect(fetchJars({ a: [one] }, aborted)).rejects.toThrow('was stopped');
  expect(readdirSync(cache).sort()).toEqual([own, 'a']);
});

test.each(Object.entries(JAR_SETS))('the lock file of %s is well formed and has no file name twice', (_, jars) => {
  expect(jars.filter(({ sha256, bytes }) => !/^[0-9a-f]{64}$/.test(sha256) || bytes <= 0)).toEqual([]);
  expect(new Set(jars.map(jarFile)).size).toBe(jars.length);
});

test('what Spark has itself is not laid beside it', () => {
  const names = JAR_SETS.spark.map(({ jar }) => jar.split(':')[1]);
  const own = ['scala-library', 'scala-reflect', 'slf4j-api', 'commons-lang3', 'antlr4-runtime', 'paranamer'];
  expect(names.filter(name => own.includes(name ?? ''))).toEqual([]);
});
