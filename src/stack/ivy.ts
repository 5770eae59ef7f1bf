import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinstoreError } from '../contract';
import type { ILockedJar } from './jars';

/** One run of Ivy. */
export interface IIvyRun {
  /** Ivy's own jar. */
  ivy: string;
  javaHome: string;
  /** Folder for what it needs and makes. */
  work: string;
  /** URL of a Maven repository; default Maven Central. */
  repository?: string;
  signal: AbortSignal;
}

const OUTPUT_KEPT = 16_000;

/** The Ivy in a folder of jars, such as pyspark's. Throws `unavailable` when there is none. */
export async function findIvy(folder: string): Promise<string> {
  const name = (await readdir(folder).catch(() => [])).find(file => /^ivy-[\d.]+\.jar$/.test(file));
  if (!name) {
    throw new TwinstoreError('unavailable', `No Ivy is in ${folder}.`, 'Install twinstore[spark] again.');
  }
  return join(folder, name);
}

/** Download jars. Resolves to the folder that holds them. Throws `unavailable` when one could not be had. */
export async function retrieve(jars: readonly ILockedJar[], run: IIvyRun): Promise<string> {
  const { work, ivy, javaHome, repository, signal } = run;
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'ivy.xml'), ivyFile(jars));
  await writeFile(join(work, 'settings.xml'), settingsFile(repository));
  const out = join(work, 'out');
  const args = [
    ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', ivy, 'org.apache.ivy.Main'],
    ...['-settings', join(work, 'settings.xml'), '-cache', join(work, 'cache'), '-ivy', join(work, 'ivy.xml')],
    ...['-types', 'jar', '-retrieve', join(out, '[artifact]-[revision](-[classifier]).[ext]')]
  ];
  const child = spawn(join(javaHome, 'bin', 'java'), args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    // Ivy draws a dot for each block; they would fill the details of an error.
    stream.on('data', (data: Buffer) => (output = (output + data.toString().replace(/\.+/g, '.')).slice(-OUTPUT_KEPT)));
  }
  await new Promise<void>((resolve, reject) => {
    child.once('error', error => reject(failed(signal.aborted ? 'was stopped' : 'failed', String(error))));
    child.once('close', code => (code === 0 ? resolve() : reject(failed('failed', output))));
  });
  return out;
}

function failed(how: string, output: string): TwinstoreError {
  const lines = output.split('\n').filter(line => /fail|error|exception|not found|unresolved/i.test(line));
  return new TwinstoreError(
    'unavailable',
    `The download of jars from Maven Central ${how}.`,
    'Check the network and try again; a proxy is set by JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=… -Dhttps.proxyPort=….',
    { details: [...new Set(lines.map(line => line.trim()))].slice(0, 20).join('\n') }
  );
}

// Only the named jars matter and their sums are checked here, so no POM is read and no sum is asked for.
function settingsFile(repository: string | undefined): string {
  const root = repository ? ` root="${repository}"` : '';
  return `<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers>
    <ibiblio name="central" m2compatible="true" usepoms="false" useMavenMetadata="false" checksums=""${root}/>
  </resolvers>
</ivysettings>
`;
}

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
