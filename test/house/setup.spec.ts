import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lives } from '../../src/stack/lives';

const SETUP = resolve(__dirname, '../../src/setup.mjs');
const FILES = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'style/x', 'schema/x', 'src/contract/x.json'];
const HELPERS = ['pyproject.toml', 'twinstore/x', 'locks/python.lock', 'locks/installer.lock', 'locks/java.lock'];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const file of [...FILES, ...HELPERS.map(name => `python-helpers/${name}`)]) {
    write(file, '');
  }
  copyFileSync(SETUP, join(root, 'src', 'setup.mjs'));
  program('npm', 'exit 0');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text, { mode });
}

/** A program that notes how it was called, and then does something. */
function program(name: string, text: string, folder = 'bin'): void {
  write(`${folder}/${name}`, `#!/bin/sh\necho "${name} $*" >> "${root}/calls"\n${text}\n`, 0o755);
}

/** A Python that makes environments, and does something else for `-m`. */
function python(other: string): void {
  program(
    'python3.12',
    `case "$*" in
-c*) echo 3.12 ;;
'-m venv '*) /bin/mkdir -p "$3/bin" "$3/share/jupyter/labextensions" && /bin/cp "$0" "$3/bin/python" ;;
*) ${other} ;;
esac`
  );
}

function java(folder: string, version: string): void {
  program(
    'java',
    `echo 'openjdk version "${version}"' >&2; echo ' java.specification.version = ${version}' >&2`,
    folder
  );
}

function setup(verb: string, env: NodeJS.ProcessEnv = {}): { status: number | null; stderr: string; calls: string } {
  rmSync(join(root, 'calls'), { force: true });
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'src', 'setup.mjs'), verb], {
    env: { PATH: join(root, 'bin'), ...env },
    encoding: 'utf8'
  });
  const calls = join(root, 'calls');
  return { status, stderr, calls: existsSync(calls) ? readFileSync(calls, 'utf8') : '' };
}

test('a new environment is linked, without another build', () => {
  python('exit 0');
  expect(setup('build')).toMatchObject({ status: 0, calls: expect.stringContaining('npm run') });
  expect(setup('build')).toMatchObject({ status: 0, calls: expect.not.stringContaining(' -e ') });
  rmSync(join(root, '.venv'), { recursive: true });
  const { status, calls } = setup('build');
  expect(status).toBe(0);
  expect(calls).toContain(` -e ${join(root, 'python-helpers')}`);
  expect(calls).not.toContain('npm');
});

test('without Python nothing is started', () => {
  const { status, stderr, calls } = setup('install');
  expect(stderr).toMatch(/^twinstore needs Python .* and found none: /);
  expect({ status, calls }).toEqual({ status: 1, calls: '' });
});

test('what fails ends what runs beside it', async () => {
  program('npm', `echo $$ > "${root}/pid"; exec /bin/sleep 60`);
  python(`until [ -s "${root}/pid" ]; do /bin/sleep 0.05; done; echo no such package; exit 1`);
  const { status, stderr } = setup('install');
  expect(stderr).toContain('no such package');
  expect(status).toBe(1);
  const pid = Number(readFileSync(join(root, 'pid'), 'utf8'));
  while (lives(pid)) {
    await sleep(20);
  }
}, 20_000);

test.each([
  ['none', null, null, true],
  ['JAVA_HOME', '17', null, false],
  ['the path, though JAVA_HOME has another', '11', '17', false],
  ['the path, an older one', null, '11', true]
])('Java 17 is installed unless there is one: %s', (_, home, path, installed) => {
  python('exit 0');
  if (home) {
    java('java/bin', home);
  }
  if (path) {
    java('bin', path);
  }
  const { status, calls } = setup('install', home ? { JAVA_HOME: join(root, 'java') } : {});
  expect({ status, installed: calls.includes('java.lock') }).toEqual({ status: 0, installed });
});
