import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { Table, vectorFromArray, Float64, Int64, Utf8 } from 'apache-arrow';
import { loadSettings, readCredentials } from '../../src/companion/config';
import { createS3Client, LatestRows, openSnapshot, Preview, S3Store, Scan } from '../../src/companion/delta';
import type { IEngine, IObjectStore, Snapshot } from '../../src/companion/delta';
import { add, arrowToParquet, field, metaData, PROTOCOL } from '../companion/support/delta_files';
import { ALIVE, localEngine } from '../companion/support/engine';

const BUCKET = 'features';
const FOLDER = 'reader_on_s3';
const LATENCY_MS = 30;
/** Of each file; enough that its end, which is read first, is little of it. */
const ROWS = 50_000;
const FILES = 2;
const VALUES = Array.from({ length: 8 }, (_, n) => `v${n}`);

/** A store that is far away: each request takes longer. Tells how many of them had to wait for another. */
class FarStore implements IObjectStore {
  constructor(private readonly store: IObjectStore) {}

  list: IObjectStore['list'] = (...request) => this.later(() => this.store.list(...request));
  read: IObjectStore['read'] = (...request) => this.later(() => this.store.read(...request));

  /** The longest chain of requests each of which began after the one before had ended. */
  get roundTrips(): number {
    let [trips, end] = [0, -Infinity];
    for (const request of [...this.requests].sort((a, b) => a.end - b.end)) {
      if (request.start >= end) {
        trips += 1;
        end = request.end;
      }
    }
    return trips;
  }

  private async later<T>(request: () => Promise<T>): Promise<T> {
    const start = performance.now();
    await sleep(LATENCY_MS);
    const answer = await request();
    this.requests.push({ start, end: performance.now() });
    return answer;
  }

  private readonly requests: { start: number; end: number }[] = [];
}

let s3: S3Client;
let engine: IEngine;
let snapshot: Snapshot;
let keys: string[];

beforeAll(async () => {
  const { settings } = await loadSettings({ env: process.env, cwd: process.cwd(), home: homedir() });
  const { offline } = settings.stores;
  const key = await readCredentials(offline.credentials?.file ?? '', () => undefined);
  const { access_key_id: accessKeyId = '', secret_access_key: secretAccessKey = '' } = key;
  s3 = createS3Client(offline, { accessKeyId, secretAccessKey });
  keys = [];
  const put = async (name: string, Body: Uint8Array | string) => {
    const Key = `${FOLDER}/${name}`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    keys.push(Key);
  };
  const adds = [];
  for (let file = 0; file < FILES; file++) {
    const numbers = Array.from({ length: ROWS }, (_, i) => i);
    const table = new Table({
      house: vectorFromArray(
        numbers.map(i => `h${i % 500}`),
        new Utf8()
      ),
      at: vectorFromArray(
        numbers.map(i => BigInt(i + file * ROWS)),
        new Int64()
      ),
      ...Object.fromEntries(VALUES.map(name => [name, vectorFromArray(numbers.map(Math.random), new Float64())]))
    });
    const bytes = arrowToParquet(table);
    const stats = { numRecords: ROWS, maxValues: { at: (file + 1) * ROWS - 1 } };
    await put(`${file}.parquet`, bytes);
    adds.push(add(`${file}.parquet`, { size: bytes.length, stats: JSON.stringify(stats) }));
  }
  const columns = [field('house', 'string'), field('at', 'long'), ...VALUES.map(name => field(name, 'double'))];
  const actions = [PROTOCOL, metaData(columns), ...adds];
  await put(`_delta_log/${'0'.repeat(20)}.json`, actions.map(action => JSON.stringify(action)).join('\n'));
  engine = { ...localEngine('/'), store: new S3Store(s3, 'the stack', Math.random) };
  const found = await openSnapshot(engine, `s3a://${BUCKET}/${FOLDER}`, null, ALIVE);
  if (found === null) {
    throw new Error('The table is not there.');
  }
  snapshot = found;
}, 60_000);
afterAll(async () => {
  await s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: keys.map(Key => ({ Key })) } }));
  s3.destroy();
});

test.each<[string, number, (far: IEngine) => { batches: Preview['batches'] }]>([
  ['the cheapest rows', 1_000, far => new Preview(far, snapshot, { limit: 1_000, window: 'cheapest' })],
  ['the first rows', 1_000, far => new Preview(far, snapshot, { limit: 1_000, window: 'first' })],
  ['three columns of all rows', FILES * ROWS, far => new Scan(far, snapshot, { columns: ['house', 'at', 'v1'] })],
  [
    'the latest rows of 100 keys',
    100,
    far => {
      const wanted = Array.from({ length: 100 }, (_, i) => ({ house: `h${i}` }));
      return new LatestRows(far, snapshot, { keys: ['house'], eventTimestamp: 'at', wanted });
    }
  ]
])('%s take three round trips to a store that is far away', async (_, rows, read) => {
  const far = new FarStore(engine.store);
  let found = 0;
  for await (const batch of read({ ...engine, store: far }).batches(ALIVE)) {
    found += batch.numRows;
  }
  expect(found).toBe(rows);
  expect(far.roundTrips).toBeLessThanOrEqual(3);
});
