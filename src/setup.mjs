// Prepares the checkout and runs the command or the tests. Plain JavaScript and `node:` only: it runs before node_modules exist.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = join(ROOT, 'python-helpers', 'twinstore');
const VENV = join(ROOT, '.venv');
const LOCKS = join(ROOT, 'python-helpers', 'locks');
/** The interpreter of the checkout's own environment. */
export const PYTHON = join(VENV, 'bin', 'python');
const PYTHONS = ['3.12', '3.11', '3.10'];

/** A reason to stop that is said in one sentence, without a stack. */
class Refusal extends Error {}

/** Seconds spent on installing (mostly downloads) and on everything else. */
const spent = { packages: 0, build: 0 };

/** The first interpreter on PATH that twinstore can live in. */
function findPython() {
  const seen = [];
  for (const name of [...PYTHONS.map(version => `python${version}`), 'python3', 'python']) {
    const asked = spawnSync(name, ['-c', 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8'
    });
    const version = asked.status === 0 ? asked.stdout.trim() : '';
    if (PYTHONS.includes(version)) {
      return name;
    }
    if (version) {
      seen.push(version);
    }
  }
  throw new Refusal(
    `twinstore needs Python 3.10, 3.11 or 3.12 with its venv module and found ${seen.length > 0 ? `only ${seen[0]}` : 'none'}: ` +
      'install one from https://www.python.org/downloads or with your package manager (Debian: `apt install python3-venv`).'
  );
}

/** Ends the commands that run, when another one failed. */
const commands = new AbortController();

/** Run a command; its output is kept and shown only when it fails. */
function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const { signal } = commands;
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], signal, ...options });
    let output = '';
    child.stdout.on('data', data => (output += data));
    child.stderr.on('data', data => (output += data));
    child.on('error', error => fail(new Refusal(`${command} could not be started: ${error.message}.`)));
    child.on('close', code =>
      code === 0
        ? done(output)
        : fail(new Refusal(`${output.trimEnd()}\n\`${basename(command)} ${args.join(' ')}\` failed (exit ${code}).`))
    );
  });
}

function hash(...texts) {
  const sum = createHash('sha256');
  texts.forEach(text => sum.update(text).update('\0'));
  return sum.digest('hex');
}

/** Every file below a path, sorted, as [name, content] flattened. */
function contents(path) {
  if (statSync(path).isFile()) {
    return [path, readFileSync(path)];
  }
  return readdirSync(path)
    .sort()
    .flatMap(name => contents(join(path, name)));
}

/** Do `work` unless `stamp` says that it was done for the same `key`. */
async function once(stamp, key, title, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) {
    return 0;
  }
  rmSync(stamp, { force: true });
  const start = performance.now();
  console.error(`${title} …`);
  await work();
  mkdirSync(resolve(stamp, '..'), { recursive: true });
  writeFileSync(stamp, key);
  return (performance.now() - start) / 1000;
}

/** Into an environment that `python` makes when there is none. */
async function installPython(python) {
  const lock = readFileSync(join(LOCKS, 'python.lock'), 'utf8');
  return once(join(VENV, '.installed'), hash(lock), 'Installing the Python packages', async () => {
    if (!existsSync(PYTHON)) {
      await run(python, ['-m', 'venv', VENV]);
    }
    await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', join(LOCKS, 'installer.lock')]);
    await pipInstall('python.lock');
  });
}

/** Install a lock file by uv, or by pip where uv cannot reach the index that pip is configured for. */
async function pipInstall(lock) {
  const args = ['install', '--quiet', '--require-hashes', '-r', join(LOCKS, lock)];
  try {
    await run(PYTHON, ['-m', 'uv', 'pip', ...args, '--compile-bytecode'], {
      env: { ...process.env, VIRTUAL_ENV: VENV }
    });
  } catch (error) {
    console.error(`uv failed, trying pip: ${error.message.trim().split('\n').at(-1)}`);
    await run(PYTHON, ['-m', 'pip', ...args]);
  }
}

/** Without a Java 17 of its own, where src/stack/java.ts looks for one, the machine gets one as a wheel. */
async function installJava() {
  const home = process.env.JAVA_HOME;
  const has17 = [...(home ? [join(home, 'bin', 'java')] : []), 'java'].some(java => {
    const { stderr } = spawnSync(java, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
    return /^\s*java\.specification\.version = 17\s*$/m.test(stderr);
  });
  if (has17) {
    return 0;
  }
  const lock = readFileSync(join(LOCKS, 'java.lock'), 'utf8');
  return once(join(VENV, '.java'), hash(lock), 'Installing Java 17', () => pipInstall('java.lock'));
}

async function installNode() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const key = hash(lock, process.versions.modules);
  return once(join(ROOT, 'node_modules', '.installed'), key, 'Installing the npm packages', () =>
    run('npm', ['ci', '--ignore-scripts', '--no-progress'], {
      env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' }
    })
  );
}

/** Bring the locked packages of both languages, side by side. */
async function install() {
  const start = performance.now();
  const python = existsSync(PYTHON) ? PYTHON : findPython(); // Refuses before anything is started.
  await Promise.all([installPython(python).then(installJava), installNode()]);
  spent.packages += (performance.now() - start) / 1000;
}

/** Copy the contract to where Python reads it. */
function buildContract() {
  const target = join(PACKAGE, 'contract');
  mkdirSync(target, { recursive: true });
  const contract = join(ROOT, 'src', 'contract');
  for (const name of readdirSync(contract).filter(name => name.endsWith('.json') && name !== 'tsconfig.json')) {
    cpSync(join(contract, name), join(target, name));
  }
}

/** Build front end and Node bundles, and link both into the checkout's environment. */
async function build() {
  const sources = [
    'src',
    'style',
    'schema',
    'package.json',
    'package-lock.json',
    'tsconfig.base.json',
    'python-helpers/pyproject.toml'
  ];
  const key = hash(...sources.flatMap(path => contents(join(ROOT, path))));
  spent.build += await once(join(ROOT, 'build', '.built'), key, 'Building', async () => {
    buildContract();
    await Promise.all([run('npm', ['run', '--silent', 'build:lab']), run('npm', ['run', '--silent', 'build:node'])]);
  });
  // In the environment, with which it goes.
  spent.build += await once(join(VENV, '.linked'), key, 'Linking', link);
}

/** Development install: the package is editable, and JupyterLab sees the built front end without a copy. */
async function link() {
  const environment = { env: { ...process.env, VIRTUAL_ENV: VENV } };
  const options = ['--quiet', '--no-deps', '--no-build-isolation', '--offline'];
  const linked = join(VENV, 'share', 'jupyter', 'labextensions', 'jupyterlab-twinstore');
  const unlink = () => rmSync(linked, { recursive: true, force: true });
  // First, too: an install through the link of an earlier build would leave a file of its own among the built ones.
  unlink();
  await run(PYTHON, ['-m', 'uv', 'pip', 'install', ...options, '-e', join(ROOT, 'python-helpers')], environment);
  unlink();
  symlinkSync(join(PACKAGE, 'labextension'), linked, 'dir');
}

/** Hand over to a child that owns the terminal; signals reach it through the process group or are passed on. */
function become(command, args) {
  const env = { ...process.env, TWINSTORE_PYTHON: process.env.TWINSTORE_PYTHON ?? PYTHON };
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the child as well; a second one would cut its clean-up short.
    process.on(signal, () => (signal !== 'SIGINT' || !process.stdin.isTTY ? child.kill(signal) : undefined));
  }
  child.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

const VERBS = {
  install: async () => install(),
  contract: async () => buildContract(),
  build: async () => {
    await install();
    await build();
  },
  start: async args => {
    await VERBS.build();
    const seconds = name => `${spent[name].toFixed(0)} s`;
    if (spent.packages + spent.build > 1) {
      console.error(`Packages ${seconds('packages')} (downloads included), build ${seconds('build')}.`);
    }
    become(process.execPath, [join(PACKAGE, '_node', 'cli.js'), 'start', ...args]);
  },
  test: async args => {
    await VERBS.build();
    become(process.execPath, [join(ROOT, 'test', 'run.mjs'), `--install-s=${spent.packages + spent.build}`, ...args]);
  },
  bench: async args => {
    await VERBS.build();
    become(process.execPath, [join(ROOT, 'test', 'bench.mjs'), ...args]);
  }
};

try {
  const [verb = '', ...args] = process.argv.slice(2);
  if (!(verb in VERBS)) {
    throw new Refusal(`Usage: node src/setup.cjs ${Object.keys(VERBS).join('|')}`);
  }
  await VERBS[verb](args);
} catch (error) {
  commands.abort();
  if (!(error instanceof Refusal)) {
    throw error;
  }
  console.error(error.message);
  process.exit(1);
}
