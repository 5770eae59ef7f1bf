import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { Client } from 'cassandra-driver';
import { loadSettings, readCredentials } from '../../src/companion/config';
import { createS3Client } from '../../src/companion/delta';
import { clientOptions, OnlineStore } from '../../src/companion/online';
import type { IGroupAnswer, IGroupsAnswer, IGroupSummary, IHealth, Settings } from '../../src/contract';
import { CompanionProcess } from '../companion/support/companion_process';
import { removeTemporaryFolders, temporaryFolder } from '../companion/support/temporary_folder';

const GROUP = 'companion_energy';
const OFFLINE = `s3a://features/${GROUP}`;
const ONLINE = `feature_store.${GROUP}`;
const LEASE = 'feature_store.twinstore_lease';
const DAY_US = 86_400_000_000;
/** 2014-02-01 in µs since the epoch. */
const FIRST_DAY_US = Date.UTC(2014, 1, 1) * 1_000;

const config = process.env['TWINSTORE_CONFIG'] ?? '';
let settings: Settings;
let s3: S3Client;
let cassandra: Client;
let spark: SparkWriter;
let companion: CompanionProcess;
let tableId: string;

/** `write_group.py`: the tables as Spark writes them. */
class SparkWriter {
  constructor() {
    this.child = spawn('python', [resolve(__dirname, 'write_group.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async do(step: string, fields: object = {}): Promise<unknown> {
    this.child.stdin.write(`${JSON.stringify({ step, ...fields })}\n`);
    const { value, done } = await this.answers.next();
    if (done === true) {
      throw new Error(`Spark ended before it answered ${step}; see its words above.`);
    }
    return (JSON.parse(value) as { answer: unknown }).answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin.end();
    await ended;
  }

  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly answers: AsyncIterator<string>;
}

/** Takes away what this suite, or one that was cut off, left in the stores. */
async function clear(): Promise<void> {
  await cassandra.execute(`DROP TABLE IF EXISTS ${ONLINE}`);
  const folder = { Bucket: 'features', Prefix: `${GROUP}/` };
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command(folder));
    if (Contents.length === 0) {
      return;
    }
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await s3.send(new DeleteObjectsCommand({ Bucket: folder.Bucket, Delete: { Objects } }));
  }
}

async function ask<T>(path: string, body: object): Promise<T> {
  const answer = await companion.post(path, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as T;
}

async function listed(): Promise<IGroupSummary | undefined> {
  const { groups } = await ask<IGroupsAnswer>('/groups', {});
  return groups.find(({ name }) => name === GROUP);
}

beforeAll(async () => {
  if (config === '') {
    throw new Error('Set TWINSTORE_CONFIG to the settings of a running stack: `npx twinstore stack up --name test`.');
  }
  ({ settings } = await loadSettings({ env: process.env, cwd: process.cwd(), home: homedir() }));
  const { offline, online } = settings.stores;
  const key = await readCredentials(offline.credentials?.file ?? '', () => undefined);
  const { username = '', password = '' } = await readCredentials(online.credentials?.file ?? '', () => undefined);
  const { access_key_id: accessKeyId = '', secret_access_key: secretAccessKey = '' } = key;
  s3 = createS3Client(offline, { accessKeyId, secretAccessKey });
  cassandra = new Client(clientOptions(online, { username, password }));
  await clear();
  companion = await CompanionProcess.start(temporaryFolder(), { TWINSTORE_CONFIG: config });
  spark = new SparkWriter();
  tableId = String(await spark.do('create'));
  await spark.do('append', { day: '2014-02-01' });
}, 60_000);
afterAll(async () => {
  await Promise.all([spark?.stop(), companion?.stop()]);
  await clear();
  await cassandra.shutdown();
  s3.destroy();
  removeTemporaryFolders();
}, 30_000);

test('both stores answer', async () => {
  const { body } = await companion.get('/health');
  const ok = { ok: true, error: null, took_ms: expect.any(Number), last_seen_us: expect.any(Number) };
  expect((body as IHealth).stores).toEqual([
    { name: 'S3', address: settings.stores.offline.endpoint, ...ok },
    { name: 'Cassandra', address: settings.stores.online.hosts.join(', '), ...ok }
  ]);
});

test('what still asks a store that was given up leaves no connection behind', async () => {
  const { online } = settings.stores;
  const { username = '', password = '' } = await readCredentials(online.credentials?.file ?? '', () => undefined);
  const sockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
  const before = sockets();
  const store = new OnlineStore('Cassandra', online.hosts.join(', '), clientOptions(online, { username, password }));
  store.dispose();
  await store.ping(AbortSignal.timeout(10_000));
  for (let waits = 0; waits < 40 && sockets() > before; waits++) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  expect(sockets()).toBe(before);
});

test('a group that Spark wrote is listed before anything of it is online', async () => {
  expect(await listed()).toEqual({
    name: GROUP,
    offline: OFFLINE,
    online: ONLINE,
    state: 'behind',
    words: '2 behind',
    head: 1,
    watermark: -1,
    lag: 2,
    offline_event_us: FIRST_DAY_US,
    online_event_us: null,
    last_receipt: null,
    last_proof: null,
    newest_proof_id: null,
    error: null
  });
});

test('its definition is what Spark put into the properties of the table', async () => {
  const { definition, table_id } = await ask<IGroupAnswer>('/groups/get', { group: GROUP });
  expect(table_id).toBe(tableId);
  expect(definition).toMatchObject({
    name: GROUP,
    keys: ['household_id'],
    event_timestamp: 'day',
    columns: [
      { name: 'household_id', type: 'string' },
      { name: 'day', type: 'date' },
      { name: 'energy_sum', type: 'double' }
    ],
    offline: OFFLINE,
    online: ONLINE
  });
});

test('a receipt, the online table and a lease show from the next list on', async () => {
  const atUs = Date.now() * 1_000;
  await spark.do('receipt', { table_id: tableId, from: -1, to: 1, max_event_us: FIRST_DAY_US, at_us: atUs });
  expect(await listed()).toMatchObject({ words: 'online table missing', watermark: 1 });

  const comment = JSON.stringify({ twinstore: 1, table_id: tableId, offline: OFFLINE });
  await cassandra.execute(
    `CREATE TABLE ${ONLINE} (household_id text PRIMARY KEY, day date, energy_sum double) WITH comment = '${comment}'`
  );
  expect(await listed()).toMatchObject({
    state: 'unknown',
    words: 'never proved',
    lag: 0,
    online_event_us: FIRST_DAY_US,
    last_receipt: { run_id: 'run-1', at_us: atUs, by: 'spark', gap: { from: -1, to: 1 } },
    error: null
  });
  expect(await ask('/receipts', { group: GROUP })).toMatchObject({
    total: 1,
    receipts: [{ table_id: tableId, kept: true, durations_s: { append: 0.5 }, notes: ['kept by Spark'] }]
  });

  await cassandra.execute(`CREATE TABLE IF NOT EXISTS ${LEASE} (location text PRIMARY KEY, holder text, run_id text)`);
  const lease = `INSERT INTO ${LEASE} (location, holder, run_id) VALUES (?, 'companion.spec', 'run-2') USING TTL 30`;
  await cassandra.execute(lease, [OFFLINE], { prepare: true });
  expect(await listed()).toMatchObject({ state: 'behind', words: 'write in flight' });
  await cassandra.execute(`DELETE FROM ${LEASE} WHERE location = ?`, [OFFLINE], { prepare: true });
}, 30_000);

test('the list follows later writes, beyond a checkpoint, and shows their proof', async () => {
  for (let version = 2; version <= 6; version++) {
    await spark.do('append', { day: `2014-02-0${version}` });
    expect(await listed()).toMatchObject({ head: version, watermark: 1, words: `${version - 1} behind` });
  }
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: 'features', Prefix: `${GROUP}/_delta_log/` })
  );
  expect(Contents.some(({ Key = '' }) => Key.endsWith('.checkpoint.parquet'))).toBe(true);

  const last = FIRST_DAY_US + 5 * DAY_US;
  const atUs = Date.now() * 1_000;
  await spark.do('receipt', { table_id: tableId, from: 1, to: 6, max_event_us: last, at_us: atUs });
  await spark.do('proof', { table_id: tableId, version: 6, mismatch: 0, at_us: atUs + 1 });
  expect(await listed()).toMatchObject({
    state: 'in_parity',
    words: 'in parity',
    head: 6,
    watermark: 6,
    offline_event_us: last,
    online_event_us: last,
    last_proof: { id: `proof-${atUs + 1}`, verdict: 'in_parity', version: 6 }
  });
  expect(await ask('/receipts', { group: GROUP, limit: 1 })).toMatchObject({
    total: 2,
    receipts: [{ run_id: 'run-6' }]
  });

  // Who comes later reads the checkpoint first, and sees the same.
  const newcomer = await CompanionProcess.start(temporaryFolder(), { TWINSTORE_CONFIG: config });
  try {
    const { body } = await newcomer.post('/groups/get', { group: GROUP });
    expect((body as IGroupAnswer).summary).toEqual(await listed());
  } finally {
    await newcomer.stop();
  }
}, 40_000);
