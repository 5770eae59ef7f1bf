import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askSupervisor, serveControl } from '../../src/stack/control';
import { GuardedProgram } from '../../src/stack/guardian';
import type { IPart } from '../../src/stack/part';
import { HOST, freePort } from '../../src/stack/ports';
import { Supervisor, errorBody } from '../../src/stack/supervisor';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'supervisor-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A part that is a shell script and answers once the file `ready` is there. */
async function part(script: string, change: Partial<IPart> = {}): Promise<IPart> {
  return {
    name: 's3',
    title: 'S3',
    port: await freePort(0),
    program: { command: '/bin/sh', args: ['-c', script], cwd: folder, log: join(folder, 's3.log') },
    startMs: 5_000,
    graceMs: 2_000,
    answers: async () => readFileSync(join(folder, 's3.log'), 'utf8').includes('ready'),
    prepare: async () => undefined,
    ...change
  };
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidOf = async (supervisor: Supervisor): Promise<number> => (await supervisor.status()).parts[0]?.pid ?? 0;

test('a part runs once it answers, and its status tells pid, port and memory', async () => {
  const running = await part('echo ready; exec sleep 60');
  const supervisor = new Supervisor([running], process.pid);
  const steps: number[] = [];
  await supervisor.startAll(done => steps.push(done));
  const [status] = (await supervisor.status()).parts;
  expect(status).toMatchObject({ name: 's3', state: 'running', answers: true, port: running.port, error: null });
  expect(status?.rss_bytes).toBeGreaterThan(0);
  expect(steps).toEqual([0, 1]);
  const pid = status?.pid ?? 0;
  await supervisor.stopAll();
  expect(lives(pid)).toBe(false);
  expect((await supervisor.status()).parts[0]).toMatchObject({ state: 'stopped', pid: null, rss_bytes: null });
});

test('a part that ends while it starts is one error with the last lines of its log', async () => {
  const supervisor = new Supervisor([await part('echo no room on the disk; exit 3')], process.pid);
  await expect(supervisor.startAll(() => undefined)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'S3 ended while it started (exit 3).',
    details: 'no room on the disk'
  });
});

test('a part that never answers is ended and said so', async () => {
  const silent = await part('exec sleep 60', { startMs: 300 });
  const supervisor = new Supervisor([silent], process.pid);
  await expect(supervisor.startAll(() => undefined)).rejects.toThrow(
    `S3 did not answer on port ${silent.port} within 0.3 s.`
  );
});

test('a part whose port is taken does not start', async () => {
  const server = createServer().listen(0, HOST);
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const supervisor = new Supervisor([await part('echo ready; exec sleep 60', { port })], process.pid);
  await expect(supervisor.startAll(() => undefined)).rejects.toThrow(`Port ${port} of 127.0.0.1`);
  await new Promise(resolve => server.close(resolve));
});

test('when one part fails the others are stopped', async () => {
  const good = await part('echo $$ > pid; echo ready; exec sleep 60');
  const bad = await part('sleep 0.3; exit 1', { name: 'cassandra', title: 'Cassandra', answers: async () => false });
  const log = join(folder, 'cassandra.log');
  const supervisor = new Supervisor([good, { ...bad, program: { ...bad.program, log } }], process.pid);
  await expect(supervisor.startAll(() => undefined)).rejects.toThrow('Cassandra ended while it started');
  expect(lives(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false);
});

test('a part that dies by itself is shown as failed and can be started again', async () => {
  const supervisor = new Supervisor([await part('echo ready; exec sleep 60')], process.pid);
  await supervisor.startAll(() => undefined);
  const first = await pidOf(supervisor);
  process.kill(first, 'SIGKILL');
  while ((await supervisor.status()).parts[0]?.state === 'running') {
    await sleep(20);
  }
  expect((await supervisor.status()).parts[0]).toMatchObject({
    state: 'failed',
    error: { message: expect.stringContaining('S3 ended by itself') }
  });
  await supervisor.part('s3').start();
  expect(await pidOf(supervisor)).not.toBe(first);
  await supervisor.stopAll();
});

test('a stop in the middle of a start ends the part, and who started it hears of it', async () => {
  const supervisor = new Supervisor([await part('exec sleep 60')], process.pid);
  const starting = supervisor.startAll(() => undefined);
  const outcome = expect(starting).rejects.toMatchObject({ code: expect.stringMatching(/aborted|unavailable/) });
  await sleep(200);
  const pid = await pidOf(supervisor);
  await supervisor.stopAll();
  await outcome;
  expect(pid > 0 && lives(pid)).toBe(false);
  expect((await supervisor.status()).parts[0]?.state).toBe('stopped');
});

/** Processes that the script of a part has said of itself. */
const started = (): number[] => readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number);

test('a start that is asked for while the part stops comes after the stop', async () => {
  const supervisor = new Supervisor([await part('echo $$ >> pids; echo ready; exec sleep 60')], process.pid);
  await supervisor.startAll(() => undefined);
  const stopping = supervisor.stopAll();
  await supervisor.part('s3').start();
  await stopping;
  expect((await supervisor.status()).parts[0]).toMatchObject({ state: 'running', pid: started()[1] });
  await supervisor.stopAll();
  expect(started().filter(lives)).toEqual([]);
});

test('a stop that is asked for at once after a start leaves no program', async () => {
  const quick = { answers: async () => true, prepare: () => sleep(200) };
  const supervisor = new Supervisor([await part('echo $$ >> pids; exec sleep 60', quick)], process.pid);
  const starting = supervisor.part('s3').start();
  await supervisor.part('s3').stop();
  await starting.catch(() => undefined); // It may have been done by then.
  expect((await supervisor.status()).parts[0]).toMatchObject({ state: 'stopped', pid: null });
  expect(started().filter(lives)).toEqual([]);
});

test('a program that does not end when it is asked to is ended', async () => {
  const stubborn = await GuardedProgram.start({
    command: '/bin/sh',
    args: ['-c', "trap '' TERM; echo up; while :; do sleep 0.1; done"],
    cwd: folder,
    log: join(folder, 'log')
  });
  await sleep(100);
  await stubborn.stop(200);
  expect(lives(stubborn.pid)).toBe(false);
});

test('the log of the last run is kept beside the new one', async () => {
  const program = { command: '/bin/sh', args: ['-c', 'echo $0', 'first'], cwd: folder, log: join(folder, 'log') };
  expect(await (await GuardedProgram.start(program)).exited).toEqual({ code: 0, lastLines: ['first'] });
  await (
    await GuardedProgram.start({ ...program, args: ['-c', 'echo $0', 'second'] })
  ).exited;
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('second\n');
  expect(readFileSync(join(folder, 'log.1'), 'utf8')).toBe('first\n');
});

test('killing the guardian ends what it guards', async () => {
  const program = await GuardedProgram.start({
    command: '/bin/sleep',
    args: ['60'],
    cwd: folder,
    log: join(folder, 'log')
  });
  const guardian = execFileSync('ps', ['-o', 'ppid=', '-p', String(program.pid)], { encoding: 'utf8' });
  process.kill(Number(guardian), 'SIGKILL');
  await program.exited;
  while (lives(program.pid)) {
    await sleep(20);
  }
});

test('a client that leaves without reading its answer is no matter to the supervisor', async () => {
  const socket = join(folder, 'control.sock');
  const status = await new Supervisor([], 42).status();
  const server = await serveControl(socket, async () => status, errorBody);
  const client = createConnection(socket).pause();
  client.write('{"verb": "status"}\n');
  expect(await askSupervisor(socket, { verb: 'status' })).toEqual(status); // The first one is answered then, too.
  client.destroy();
  expect(await askSupervisor(socket, { verb: 'status' })).toEqual(status);
  await new Promise(done => server.close(done));
});

test('a supervisor answers over its socket, also with what it refuses', async () => {
  const socket = join(folder, 'control.sock');
  expect(await askSupervisor(socket, { verb: 'status' })).toBeNull();
  const supervisor = new Supervisor([], 42);
  const server = await serveControl(
    socket,
    async request => {
      if (request.verb === 'start') {
        await supervisor.part(request.part).start();
      }
      return supervisor.status();
    },
    errorBody
  );
  expect(await askSupervisor(socket, { verb: 'status' })).toMatchObject({ pid: 42, parts: [] });
  await expect(askSupervisor(socket, { verb: 'start', part: 's3' })).rejects.toMatchObject({
    code: 'bad_request',
    message: "The stack has no part 's3'."
  });
  await new Promise(resolve => server.close(resolve));
  writeFileSync(socket, '');
  expect(await askSupervisor(socket, { verb: 'status' })).toBeNull();
});
