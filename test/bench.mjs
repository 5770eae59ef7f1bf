// `npm run bench -- BENCH …`: brings up a stack of its own, runs the benchmarks on it, and takes it away again; or, as
// `npm run bench -- delta`, the reader of Delta tables beside its peers.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLI = join(ROOT, 'python-helpers', 'twinstore', '_node', 'cli.js');
const PYTHON = join(ROOT, '.venv', 'bin', 'python');
const STATE = join(ROOT, 'build', 'state');
const env = {
  ...process.env,
  XDG_STATE_HOME: STATE,
  TWINSTORE_PYTHON: PYTHON,
  TWINSTORE_CONFIG: join(STATE, 'twinstore', 'bench', 'twinstore.toml')
};
const run = (command, ...args) =>
  spawnSync(command, args, { env, stdio: 'inherit', cwd: join(ROOT, 'python-helpers') });
const stack = (...args) => run(process.execPath, CLI, 'stack', ...args, '--name', 'bench').status ?? 1;

const [first, ...rest] = process.argv.slice(2);
if (first === 'delta') {
  // It reads files of the local disk and needs no stack.
  process.exitCode = run(process.execPath, join(ROOT, 'test', 'bench', 'delta', 'run.mjs'), ...rest).status ?? 130;
} else {
  process.exitCode = stack('up');
  if (process.exitCode === 0) {
    process.exitCode = run(PYTHON, '-m', 'bench', ...process.argv.slice(2)).status ?? 130;
  }
  stack('down', '--delete');
}
