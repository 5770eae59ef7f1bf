import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { IContext } from '../../src/cli/command';
import { twinstore } from '../../src/cli/twinstore';
import { VERSION } from '../../src/contract';
import type { IErrorBody } from '../../src/contract';
import { serveControl } from '../../src/stack/control';
import { stackFolder } from '../../src/stack/paths';
import { alone, writeState } from '../../src/stack/state';
import { STATE } from '../stack/stack_state';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'cli-'))));
afterEach(() => rmSync(home, { recursive: true }));

interface IOutcome {
  code: number;
  out: string;
  err: string;
}

async function run(args: string[], change: Partial<IContext> = {}): Promise<IOutcome> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const context: IContext = {
    env: { XDG_STATE_HOME: home, PATH: process.env['PATH'] },
    cwd: home,
    program: join(home, 'cli.js'),
    stdin,
    stdout,
    stderr,
    signal: new AbortController().signal,
    ...change
  };
  const code = await twinstore(args, context);
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

/** An interpreter that says the lines of a job instead of running it, then ends with a code. */
function python(code: number, ...events: unknown[]): IContext['env'] {
  const file = join(home, 'python');
  const lines = events.map(event => `echo '${JSON.stringify(event)}'`);
  const text = ['#!/bin/sh', 'echo "$@" > args', ...lines, `exit ${code}`, ''].join('\n');
  writeFileSync(file, text, { mode: 0o755 });
  return { XDG_STATE_HOME: home, PATH: process.env['PATH'], TWINSTORE_PYTHON: file };
}

test('--help lists every verb, and each verb has its own', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  const verbs = [...out.matchAll(/^ {2}(\w+) {2,}/gm)].map(match => match[1] ?? '');
  expect(verbs).toEqual(expect.arrayContaining(['start', 'stack', 'parity', 'run', 'retry']));
  for (const verb of verbs) {
    const help = await run([verb, '--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain(`Usage: twinstore ${verb}`);
    expect(help.out).toContain('--json');
  }
});

test('--version tells the version', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: `${VERSION}\n` });
});

test.each([
  [[], 'Usage: twinstore VERB'],
  [['frobnicate'], "twinstore has no verb 'frobnicate'."],
  [['constructor'], "twinstore has no verb 'constructor'."],
  [['stack'], 'What is the stack to do?'],
  [['stack', 'fly'], 'There is no `stack fly`.'],
  [['stack', 'up', '--nome', 'x'], "Unknown option '--nome'"],
  [['stack', 'up', '--name', '../x'], "A stack cannot be called '../x'."],
  [['stack', 'down', 'test', '--delete'], "`stack down` does not take 'test'; a stack is named by --name."],
  [['stack', 'stop', 's3', 'cassandra'], "`stack stop` does not take 'cassandra'"],
  [['stack', 'up', '--s3-port', 'http'], "--s3-port takes a port's number, not 'http'."],
  [['stack', 'up', '--cassandra-port', '70000'], "--cassandra-port takes a port's number, not '70000'."],
  [['stack', 'stop', 'livy'], 'The parts of the stack are cassandra and s3.'],
  [['stack', 'input', '--rows', 'huge'], "--rows takes small, medium, full or a number of households, not 'huge'."],
  [['stack', 'input', '--to', 'x', '--until', '2020-01-01'], '2020-01-01 is not a day between'],
  [['start', '--port', '70000'], "--port takes a port's number, not '70000'."],
  [['start', 'now'], '`twinstore start` takes options only.'],
  [['run'], '`twinstore run` takes one notebook.'],
  [['run', 'x.ipynb', '-p', 'rows'], "-p takes NAME=VALUE with a text, a number, true, false or null, not 'rows'."],
  [['run', 'x.ipynb', '-p', 'day=2014-02-28', '-p', '1st=2'], "not '1st=2'."],
  [['run', 'x.ipynb', '-p', 'rows=[1]'], "not 'rows=[1]'."],
  [['parity'], '`twinstore parity` takes one group.'],
  [['parity', 'energy', '--full', '--changed'], 'Take --full or --changed, not both.'],
  [['retry', 'a', 'b'], '`twinstore retry` takes one group.'],
  [['materialize', 'a', '--version', 'old'], '--version old is not a Delta version'],
  [['repair'], '`twinstore repair` takes one group.']
])('%j is wrong use: exit code 2, a sentence on stderr, nothing on stdout', async (args, words) => {
  const { code, out, err } = await run(args);
  expect(err).toContain(words);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('what is not there yet is refused by name', async () => {
  const { code, err } = await run(['parity', 'energy', '--sampled', '100']);
  expect({ code, err }).toEqual({
    code: 1,
    err: 'Parity by sample is not there yet. Use --full, or --changed after a full proof.\n'
  });
});

test('a stack that never ran: status says so with exit code 1, down is no error, a part cannot be stopped', async () => {
  expect(await run(['stack', 'status', '--name', 'x'])).toMatchObject({
    code: 1,
    out: 'There is no stack x. `twinstore stack up --name x` makes one, `twinstore stack demo` also uses it.\n'
  });
  const json = await run(['stack', 'status', '--name', 'x', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ name: 'x', running: false, parts: [] });
  expect(await run(['stack', 'down', '--name', 'x'])).toMatchObject({ code: 0, err: 'The stack x did not run.\n' });
  const stop = await run(['stack', 'stop', 'cassandra', '--name', 'x', '--json']);
  expect(JSON.parse(stop.out).error).toMatchObject({
    code: 'unavailable',
    remedy: expect.stringContaining('stack up')
  });
  expect(stop.code).toBe(1);
});

test('the parts of a stack are a table, in which nothing steers the terminal', async () => {
  const folder = stackFolder('x', { XDG_STATE_HOME: home });
  const control = join(home, 'control.sock');
  await alone(folder, async () => writeState(folder, { ...STATE, control }));
  const part = { name: 's3', title: 'S3 \u001b[31m', state: 'stopped', answers: false, pid: null, port: 9000 } as const;
  const none = { rss_bytes: null, uptime_s: null, log: '', error: null };
  const status = { pid: 42, rss_bytes: 2 ** 20, uptime_s: 1, parts: [{ ...part, ...none }] };
  const server = await serveControl(
    control,
    async () => status,
    () => ({}) as IErrorBody
  );
  const { out } = await run(['stack', 'status', '--name', 'x']);
  server.close();
  expect(out.split('\n').slice(0, 3)).toEqual([
    'part         state    pid  port  memory  up for',
    'S3 \\x1b[31m  stopped  –    9000  –       –',
    'Supervisor   running  42   –     1 MiB   1.0 s'
  ]);
});

test('a stack that would find too little memory does not start', async () => {
  const { code, err } = await run(['stack', 'up', '--name', 'x', '--heap', '99999']);
  expect(code).toBe(1);
  expect(err).toMatch(/^The local stack needs \d+ MiB of free memory and this machine has \d+ MiB\. /);
});

test('the demo stack does not start where other settings are in use', async () => {
  const settings = join(home, 'twinstore.toml');
  writeFileSync(settings, '');
  const { code, err } = await run(['stack', 'demo', '--name', 'x']);
  expect(code).toBe(1);
  expect(err).toContain(`${settings} holds settings already, and they stay in use.`);
  expect(existsSync(join(home, 'twinstore'))).toBe(false);
});

test('as a job the demo stack says everything as events', async () => {
  writeFileSync(join(home, 'twinstore.toml'), '');
  const { code, out, err } = await run(['stack', 'demo', '--name', 'x', '--job']);
  const events = out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as object);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(events).toEqual([
    { type: 'started' },
    { type: 'failed', error: expect.objectContaining({ code: 'conflict' }) }
  ]);
});

test('the input can be written to a folder without a stack', async () => {
  const { code, out, err } = await run([
    'stack',
    'input',
    '--to',
    'in',
    '--rows',
    '1',
    '--until',
    '2012-12-31',
    '--json'
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ address: join(home, 'in'), households: 1, how: 'written' });
  expect(err).toContain('rows of 1 households up to 2012-12-31.');
});

test('a job gets its arguments, its progress goes to stderr and its result, in words, to stdout', async () => {
  const report = {
    verdict: 'out_of_parity',
    group: 'energy',
    version: 3,
    coverage: { how: 'full', keys_compared: 1200 },
    states: { match: 1199, mismatch: 1, stale_online: 0 },
    offenders: {
      total: 1,
      shown: [
        { key: { household_id: 'MAC000002' }, state: 'mismatch', columns: ['energy_sum'], reason: 'Changed by hand.' }
      ]
    },
    duration_s: 2,
    kept: true,
    notes: []
  };
  const env = python(
    1,
    { type: 'started' },
    { type: 'progress', stage: 'compare', done: 1, total: 2, unit: 'tasks' },
    { type: 'log', text: 'a word' },
    { type: 'result', result: { report } }
  );
  const { code, out, err } = await run(['parity', 'energy', '--full'], { env });
  expect(code).toBe(1);
  expect(out).toBe(
    'OUT OF PARITY: energy at version 3\n' +
      '  full comparison of 1,200 keys in 2.0 s: 1,199 match, 1 mismatch\n' +
      '  MAC000002: mismatch in energy_sum. Changed by hand.\n'
  );
  expect(err).toContain('compare');
  expect(err).toContain('a word');
});

test('the error of a job is said with its remedy', async () => {
  const error = { code: 'not_found', message: 'No group nope.', remedy: 'See `twinstore groups`.', side: 'request' };
  const env = python(1, { type: 'failed', error: { ...error, details: 'trace', requestId: '' } });
  expect(await run(['parity', 'nope'], { env })).toEqual({
    code: 1,
    out: '',
    err: 'No group nope. See `twinstore groups`.\ntrace\n'
  });
});

test.each([
  ['a cell that failed', 1],
  ['wrong use', 2]
])('a job tells %s by its exit code, whatever the code of its error', async (_, code) => {
  const error = { code: 'bad_request', message: 'It failed.', remedy: 'Correct it.', side: 'request' };
  const env = python(code, { type: 'failed', error: { ...error, details: '', requestId: '' } });
  const outcome = await run(['run', 'x.ipynb', '-p', 'rows=', '-p', 'day=null'], { env });
  expect(outcome).toEqual({ code, out: '', err: 'It failed. Correct it.\n' });
});

test('a job that ends without a result is an error with what it printed', async () => {
  const { code, err } = await run(['retry', 'energy'], { env: python(1) });
  expect(code).toBe(1);
  expect(err).toContain('`python -m twinstore retry` ended without a result (exit 1).');
});

test('a job that was killed was not stopped', async () => {
  const env = python(0);
  writeFileSync(join(home, 'python'), '#!/bin/sh\nkill -9 $$\n');
  const { code, err } = await run(['retry', 'energy'], { env });
  expect([code, err]).toEqual([1, expect.stringContaining('ended without a result (exit 137).')]);
});

test('an interpreter that is not there is one sentence', async () => {
  const { code, err } = await run(['retry', 'energy'], { env: { TWINSTORE_PYTHON: '/nowhere/python' } });
  expect(code).toBe(1);
  expect(err).toMatch(/^Python could not be started: .*ENOENT\. Set TWINSTORE_PYTHON/);
});

test('Ctrl-C stops a job and ends with 130', async () => {
  const env = python(130, { type: 'started' }, { type: 'stopped' });
  expect((await run(['retry', 'energy'], { env })).code).toBe(130);
});
