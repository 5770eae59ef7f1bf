// Runs every suite, reads the runners' own results and closes with one plain line. `npm test -- --only lint,unit` runs some, `--deep` the long ones.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PYTHON_ROOT = join(ROOT, 'python-helpers');
const RESULTS = join(ROOT, 'test-results');
const BIN = join(ROOT, '.venv', 'bin');
const CLI = join(PYTHON_ROOT, 'twinstore', '_node', 'cli.js');
/** The suites' stack lives in the checkout, so that two checkouts never meet. */
const STATE = join(ROOT, 'build', 'state');
const ENV = {
  ...process.env,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  XDG_STATE_HOME: STATE,
  TWINSTORE_PYTHON: join(BIN, 'python'),
  TWINSTORE_CONFIG: join(STATE, 'twinstore', 'test', 'twinstore.toml'),
  PATH: `${BIN}:${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`
};

/** Counts of one suite. */
const NONE = { passed: 0, failed: 0, skipped: 0 };

/** A command whose exit code is its only result. */
const check = (name, command, options) => ({
  name,
  command,
  options,
  read: code => ({ ...NONE, [code === 0 ? 'passed' : 'failed']: 1 })
});

function jest(name, ...args) {
  const file = join(RESULTS, `${name}.json`);
  return {
    name,
    command: ['jest', '--config', 'test/jest.config.js', '--json', '--outputFile', file, ...args],
    read: () => {
      const result = JSON.parse(readFileSync(file, 'utf8'));
      return {
        passed: result.numPassedTests,
        failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
        skipped: result.numPendingTests + result.numTodoTests
      };
    }
  };
}

function pytest(name, ...args) {
  const file = join(RESULTS, `${name}.xml`);
  return {
    name,
    command: ['python', '-m', 'pytest', `--junitxml=${file}`, '--durations=5', ...args],
    options: { cwd: PYTHON_ROOT },
    read: () => {
      const suite = /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8'))[0];
      const count = key => Number(new RegExp(` ${key}="(\\d+)"`).exec(suite)[1]);
      const failed = count('failures') + count('errors');
      return { passed: count('tests') - failed - count('skipped'), failed, skipped: count('skipped') };
    }
  };
}

function playwright(name) {
  const file = join(RESULTS, `${name}.json`);
  return {
    name,
    command: ['playwright', 'test', '--config', 'test/ui/playwright.config.ts', '--reporter', 'list,json'],
    options: { env: { ...ENV, PLAYWRIGHT_JSON_OUTPUT_NAME: file } },
    read: () => {
      const { stats, errors } = JSON.parse(readFileSync(file, 'utf8'));
      // A flaky test is a failed one: there are no retries to hide behind.
      return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped };
    }
  };
}

/** Two workers, each with its own Spark: one is mostly waiting. */
const BY_TWO = ['--numprocesses=2', '--dist=worksteal'];

const stack = (...args) => [process.execPath, CLI, 'stack', ...args, '--name', 'test'];

/** Groups run one after the other; the suites of a group side by side. */
const GROUPS = [
  [check('lint', ['npm', 'run', '--silent', 'lint']), check('types', ['npm', 'run', '--silent', 'typecheck'])],
  [jest('unit-typescript', '--selectProjects', 'lab', 'node', '--maxWorkers=2')],
  // Brings the jars that the Python suite's Spark needs.
  [check('stack', stack('up'))],
  [pytest('unit-python', '--ignore=tests/integration', ...BY_TWO)],
  [jest('integration-typescript', '--selectProjects', 'integration', '--maxWorkers=2')],
  // Before the suites that leave groups behind in the stores.
  [playwright('browser')],
  [pytest('integration-python', 'tests/integration', '-m', 'not disrupts and not deep', ...BY_TWO)],
  [pytest('faults-python', 'tests/integration', '-m', 'disrupts')]
];

/** What takes too long for every change: `npm run test:deep`. */
const DEEP = [
  [
    {
      ...jest('delta-fuzz', 'test/companion/delta/fuzz.spec.ts'),
      options: { env: { ...ENV, FUZZ_TABLES: '3000', FUZZ_SEED: '2' } }
    }
  ],
  [check('stack', stack('up'))],
  [pytest('random-tables', 'tests/integration/test_random_tables.py', '--tables=200', '--first-table=100', ...BY_TWO)],
  [pytest('histories', 'tests/integration/test_histories.py', '--histories=500', '--events=6', ...BY_TWO)],
  [pytest('wide-groups', 'tests/integration', '-m', 'deep', ...BY_TWO)],
  [pytest('kills', 'tests/integration/test_faults.py', '-k', 'killed', '--kills=6', ...BY_TWO)]
];

function execute({ name, command: [command, ...args], options = {}, read }) {
  const start = performance.now();
  return new Promise(done => {
    const child = spawn(command, args, { cwd: ROOT, env: ENV, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    running.add(child);
    const chunks = [];
    child.stdout.on('data', chunk => chunks.push(chunk));
    child.stderr.on('data', chunk => chunks.push(chunk));
    child.on('error', error => chunks.push(`${error.message}\n`));
    child.on('close', code => {
      running.delete(child);
      let counts;
      try {
        counts = read(code);
      } catch (error) {
        chunks.push(`No result of ${name} could be read: ${error.message}\n`);
        counts = { ...NONE, failed: 1 };
      }
      // A runner that failed without a failed test (a crash, an empty run) has failed all the same.
      if (code !== 0 && counts.failed === 0) {
        counts.failed = 1;
      }
      console.log(
        `\n── ${name} ${'─'.repeat(Math.max(2, 60 - name.length))}\n${Buffer.concat(
          chunks.map(chunk => Buffer.from(chunk))
        )
          .toString()
          .trim()}`
      );
      console.log(
        `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${((performance.now() - start) / 1000).toFixed(0)} s`
      );
      done(counts);
    });
  });
}

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    running.forEach(child => child.kill(signal));
    process.exitCode = 130;
  });
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    deep: { type: 'boolean', default: false },
    'install-s': { type: 'string', default: '0' }
  }
});
const wanted = values.only?.split(',');
const chosen = (values.deep ? DEEP : GROUPS)
  .map(group => group.filter(({ name }) => !wanted || wanted.some(prefix => name.startsWith(prefix))))
  .filter(group => group.length > 0);

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const total = { ...NONE };
const start = performance.now();
console.log(`install and build: ${Number(values['install-s']).toFixed(0)} s`);
const downAndDelete = async () => {
  if (existsSync(CLI) && existsSync(join(STATE, 'twinstore', 'test'))) {
    await execute(check('stack down', stack('down', '--delete')));
  }
};
await downAndDelete();
for (const group of chosen) {
  for (const counts of await Promise.all(group.map(execute))) {
    Object.keys(total).forEach(key => (total[key] += counts[key]));
  }
  if (process.exitCode) {
    break;
  }
}
await downAndDelete();
console.log(`\nAll suites in ${((performance.now() - start) / 1000).toFixed(0)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode ||= total.failed > 0 || total.passed === 0 ? 1 : 0;
