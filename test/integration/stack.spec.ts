import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'cassandra-driver';
import { cassandraLogin, s3Credentials } from '../../src/stack/credentials';
import { stackFolder } from '../../src/stack/paths';

const CLI = resolve(__dirname, '../../python-helpers/twinstore/_node/cli.js');
const home = mkdtempSync(join(tmpdir(), 'stack-'));
const env = { ...process.env, XDG_STATE_HOME: home, TWINSTORE_CONFIG: '' };

const folderOf = (name: string): ReturnType<typeof stackFolder> => stackFolder(name, env);

interface IPartAnswer {
  name: string;
  state: string;
  answers: boolean;
  pid: number | null;
  port: number;
}

interface IAnswer {
  running: boolean;
  settings: string;
  supervisor: { pid: number };
  parts: IPartAnswer[];
}

interface IOutcome {
  code: number | null;
  out: string;
  err: string;
}

async function command(...args: string[]): Promise<IOutcome> {
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', data => (out += data));
  child.stderr.on('data', data => (err += data));
  const code = await new Promise<number | null>(done => child.once('close', done));
  return { code, out, err };
}

async function stack(verb: string, name: string, ...args: string[]): Promise<IAnswer> {
  const { code, out, err } = await command('stack', verb, ...args, '--name', name, '--json');
  if (code !== 0) {
    throw new Error(`stack ${verb} ended with ${code}: ${err}`);
  }
  return JSON.parse(out);
}

const part = ({ parts }: IAnswer, name: string): IPartAnswer => {
  const found = parts.find(each => each.name === name);
  if (!found) {
    throw new Error(`no part ${name}`);
  }
  return found;
};
const pids = (answer: IAnswer): number[] => answer.parts.map(({ pid }) => pid ?? 0);
const ports = (answer: IAnswer): number[] => answer.parts.map(({ port }) => port);

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function gone(all: number[], withinMs: number): Promise<number[]> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline && all.some(lives);) {
    await sleep(50);
  }
  return all.filter(lives);
}

/** The first column of what a statement answers, asked as the stack's own role unless told otherwise. */
async function cql(
  answer: IAnswer,
  statement: string,
  credentials = cassandraLogin(folderOf('one'))
): Promise<unknown[]> {
  const client = new Client({
    contactPoints: [`127.0.0.1:${part(answer, 'cassandra').port}`],
    localDataCenter: 'datacenter1',
    keyspace: 'feature_store',
    credentials: { ...credentials }
  });
  try {
    return (await client.execute(statement)).rows?.map(row => row.get(0)) ?? [];
  } finally {
    await client.shutdown();
  }
}

let one: IAnswer;
let two: IAnswer;

beforeAll(async () => {
  [one, two] = await Promise.all([stack('up', 'one'), stack('up', 'two')]);
}, 120_000);

afterAll(async () => {
  await Promise.all(['one', 'two'].map(name => command('stack', 'down', '--name', name)));
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test('two stacks run side by side, each on its own ports with its own parts', () => {
  for (const answer of [one, two]) {
    expect(answer.parts.map(({ name, state, answers }) => [name, state, answers])).toEqual([
      ['cassandra', 'running', true],
      ['s3', 'running', true]
    ]);
    expect(existsSync(answer.settings)).toBe(true);
  }
  expect(new Set([...ports(one), ...ports(two)]).size).toBe(4);
  expect([...pids(one), ...pids(two)].every(lives)).toBe(true);
});

test('a second start finds what runs, at once', async () => {
  const started = performance.now();
  const again = await stack('up', 'one');
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(again.supervisor.pid).toBe(one.supervisor.pid);
  expect(pids(again)).toEqual(pids(one));
}, 20_000);

test('a stack that runs otherwise than asked for is not taken for the one that was asked for', async () => {
  const asked = await command('stack', 'up', '--name', 'one', '--heap', '4096');
  expect(asked.code).toBe(1);
  expect(asked.err).toContain('The stack one runs already, with a heap of 400 MiB for Cassandra, less than 4096 MiB.');
});

test('the keyspace and the buckets are there, objects keep, and strangers are refused', async () => {
  await cql(one, 'CREATE TABLE kept (id int PRIMARY KEY, word text)');
  await cql(one, "INSERT INTO kept (id, word) VALUES (1, 'still here')");
  const endpoint = `http://127.0.0.1:${part(one, 's3').port}`;
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = s3Credentials(folderOf('one'));
  const options = { endpoint, region: 'us-east-1', forcePathStyle: true };
  const s3 = new S3Client({ ...options, credentials: { accessKeyId, secretAccessKey } });
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name }) => Name).sort()).toEqual(['features', 'raw']);
  await s3.send(new PutObjectCommand({ Bucket: 'raw', Key: 'a/b c', Body: 'text' }));
  const object = await s3.send(new GetObjectCommand({ Bucket: 'raw', Key: 'a/b c' }));
  expect(await object.Body?.transformToString()).toBe('text');
  s3.destroy();
  const stranger = new S3Client({ ...options, credentials: { accessKeyId, secretAccessKey: 'wrong' } });
  await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  stranger.destroy();
  for (const login of [
    { username: 'cassandra', password: 'cassandra' },
    { username: 'twinstore', password: 'wrong' }
  ]) {
    const refused = await cql(one, 'SELECT * FROM kept', login).then(() => null, String);
    expect(refused).toMatch(/authentication|password|incorrect/i);
  }
}, 20_000);

test('a write timestamp far in the future is refused', async () => {
  const far = (Date.now() + 48 * 3_600_000) * 1_000;
  await expect(cql(one, `INSERT INTO kept (id) VALUES (2) USING TIMESTAMP ${far}`)).rejects.toThrow(/timestamp/i);
}, 20_000);

test('the energy input lands in the raw bucket once', async () => {
  const input = (): Promise<IOutcome> => command('stack', 'input', '--name', 'two', '--rows', '2', '--json');
  expect(JSON.parse((await input()).out)).toMatchObject({ address: 's3a://raw/energy', households: 2, how: 'written' });
  expect(JSON.parse((await input()).out)).toMatchObject({ how: 'found' });
}, 30_000);

test('neither the secret of S3 nor a long class path shows in the list of processes', () => {
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', pids(one).join(',')], { encoding: 'utf8' });
  expect(stdout.trim().split('\n')).toHaveLength(2);
  expect(stdout).not.toContain(s3Credentials(folderOf('one')).secret_access_key);
  expect(stdout).not.toContain(cassandraLogin(folderOf('one')).password);
});

test('a port that is taken is named, and nothing is started', async () => {
  const port = part(one, 's3').port;
  const { code, err } = await command('stack', 'up', '--name', 'three', '--s3-port', String(port));
  expect(code).toBe(1);
  expect(err).toBe(
    `Port ${port} of 127.0.0.1, on which the S3 server is to listen, is taken. ` +
      'End what listens there, or choose another port (`--s3-port`).\n'
  );
  expect((await command('stack', 'status', '--name', 'three')).out).toContain('There is no stack three');
}, 20_000);

test('Cassandra can be stopped and started again: the rest goes on, port and data stay', async () => {
  const stopped = await stack('stop', 'one', 'cassandra');
  expect(part(stopped, 'cassandra')).toMatchObject({ state: 'stopped', answers: false, pid: null });
  expect(part(stopped, 's3')).toEqual(expect.objectContaining({ state: 'running', pid: part(one, 's3').pid }));
  const status = await command('stack', 'status', '--name', 'one');
  expect(status.code).toBe(1);
  expect(status.out).toMatch(/^Cassandra +stopped/m);

  // `up` brings what is missing, as `stack start cassandra` does.
  one = await stack('up', 'one');
  expect(part(one, 'cassandra')).toMatchObject({ state: 'running', port: part(stopped, 'cassandra').port });
  expect(await cql(one, 'SELECT word FROM kept')).toEqual(['still here']);
}, 60_000);

test('after kill -9 of the supervisor no child is left within 5 s', async () => {
  const children = pids(two);
  process.kill(two.supervisor.pid, 'SIGKILL');
  expect(await gone(children, 5_000)).toEqual([]);
  expect((await command('stack', 'status', '--name', 'two')).out).toContain('does not run');
}, 20_000);

test('a stack starts again after that on its ports, and one that is owned ends with its owner', async () => {
  const owned = spawn(process.execPath, [CLI, 'stack', 'supervise', '--name', 'two', '--owned'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit']
  });
  for await (const line of createInterface({ input: owned.stdout })) {
    if (JSON.parse(line).type !== 'progress') {
      expect(JSON.parse(line)).toEqual({ type: 'ready' });
      break;
    }
  }
  const again = await stack('status', 'two');
  expect(ports(again)).toEqual(ports(two));
  const ended = new Promise(done => owned.once('exit', done));
  owned.stdin.destroy();
  expect(await ended).toBe(0);
  expect(await gone(pids(again), 1_000)).toEqual([]);
}, 60_000);

test('a stack that is down leaves no process, and its data only until they are deleted', async () => {
  const { code, err } = await command('stack', 'down', '--delete', '--name', 'one');
  const folder = join(home, 'twinstore', 'one');
  expect(code).toBe(0);
  expect(err).toBe(`The stack one is down.\nDeleted ${folder} (Cassandra's data, buckets, settings, logs).\n`);
  expect(await gone([one.supervisor.pid, ...pids(one)], 1_000)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
}, 30_000);
