import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { TwinstoreError } from '../../../src/contract';
import { LocalStore, openSnapshot, rowsOf, Scan, WorkerDecoder } from '../../../src/companion/delta';
import type { Row } from '../../../src/companion/delta';
import { bundle } from '../support/bundles';
import { add, field, logFile, metaData, toParquet, write, writeActions, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

const DEADLINE_MS = 1_500;
const FEATURES = ['deletionVectors', 'v2Checkpoint'];
const PROTOCOL = {
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: FEATURES, writerFeatures: FEATURES }
};
const VECTOR = { storageType: 'u', pathOrInlineDv: '^-aqEH.-t@S}K{vb[*k^', offset: 1, sizeInBytes: 44, cardinality: 6 };
const VECTOR_FILE = 'deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin';
/** Version byte, size, the rows 3, 4, 7, 11, 18 and 29, checksum. */
const VECTOR_BYTES = Buffer.from(
  '010000002cd1d339640100000000000000000000003a300000010000000000050010000000' + '0300040007000b0012001d00acd74a79',
  'hex'
);

const sound = temporaryFolder();
let decoder: WorkerDecoder;
let table: string;

beforeAll(() => {
  decoder = new WorkerDecoder({ script: bundle('worker'), deadlineMs: DEADLINE_MS, maxMemory: 512 * 1024 * 1024 });
  const data = toParquet(
    Array.from({ length: 60 }, (_, i) => ({ id: BigInt(i), name: `n${i}`, list: i % 3 === 0 ? [] : ['a', `${i}`] }))
  );
  const meta = metaData([
    field('id', 'long'),
    field('name', 'string'),
    field('list', { type: 'array', elementType: 'string', containsNull: true })
  ]);
  const adds = ['a', 'b'].map(path =>
    add(path, { size: data.length, stats: '{"numRecords":60}', deletionVector: VECTOR })
  );
  ['a', 'b'].forEach(path => write(join(sound, path), data));
  write(join(sound, VECTOR_FILE), VECTOR_BYTES);
  const size = BigInt(data.length);
  const deletionVector = { ...VECTOR, offset: 1n, sizeInBytes: 44n, cardinality: 6n };
  const checkpoint = toParquet([
    { protocol: { minReaderVersion: 3n, minWriterVersion: 7n, readerFeatures: FEATURES, writerFeatures: FEATURES } },
    { metaData: { id: 'x', schemaString: meta.metaData.schemaString } },
    ...['a', 'b'].map(path => ({ add: { path, size, stats: '{"numRecords":60}', deletionVector } }))
  ]);
  writeCommit(sound, 0, [PROTOCOL, meta, ...adds]);
  write(logFile(sound, 0, 'checkpoint.parquet'), checkpoint);
  write(join(sound, '_delta_log', '_last_checkpoint'), '{"version":0,"size":4}');
  writeCommit(sound, 1, [{ commitInfo: { operation: 'NOTHING' } }, adds[1] ?? {}]);
});

beforeEach(() => {
  table = temporaryFolder();
  cpSync(sound, table, { recursive: true });
});

afterAll(async () => {
  await decoder.dispose();
  removeTemporaryFolders();
});

async function rows(): Promise<Row[]> {
  const engine = { store: new LocalStore([table]), decoder };
  const snapshot = await openSnapshot(engine, table, null, ALIVE);
  const found: Row[] = [];
  for await (const { data } of new Scan(engine, snapshot as never).batches(ALIVE)) {
    found.push(...rowsOf(data));
  }
  return found;
}

/** Rows, or one error that a person can act on. */
async function expectRowsOrOneError(): Promise<void> {
  const outcome = await rows().catch((error: unknown) => error);
  if (!Array.isArray(outcome)) {
    expect(outcome).toBeInstanceOf(TwinstoreError);
    expect(['store_failed', 'not_found', 'unsupported', 'deadline', 'forbidden', 'bad_request']).toContain(
      (outcome as TwinstoreError).code
    );
  }
}

const FILES = [
  'a',
  VECTOR_FILE,
  '_delta_log/00000000000000000000.json',
  '_delta_log/00000000000000000000.checkpoint.parquet'
];

describe('a damaged table', () => {
  it('is read while it is sound', async () => {
    expect(await rows()).toHaveLength(2 * (60 - 6));
  });

  it.each(FILES)(
    'gives rows or one error whatever byte of %s is changed',
    async name => {
      const bytes = readFileSync(join(sound, name));
      const step = Math.max(1, Math.floor(bytes.length / 60));
      for (let at = 0; at < bytes.length; at += step) {
        const harmed = Buffer.from(bytes);
        harmed.writeUInt8(harmed.readUInt8(at) ^ (1 << (at % 8)), at);
        write(join(table, name), harmed);
        await expectRowsOrOneError();
      }
      write(join(table, name), bytes);
      expect(await rows()).toHaveLength(108);
    },
    120_000
  );

  it.each(FILES)(
    'gives rows or one error wherever %s is cut off',
    async name => {
      const bytes = readFileSync(join(sound, name));
      for (let part = 0; part < 12; part++) {
        write(join(table, name), bytes.subarray(0, Math.floor((bytes.length * part) / 12)));
        await expectRowsOrOneError();
      }
    },
    60_000
  );

  it.each(FILES)('gives rows or one error when %s is gone, or a folder, or a link to itself', async name => {
    const path = join(table, name);
    rmSync(path);
    await expectRowsOrOneError();
    symlinkSync(path, path);
    await expectRowsOrOneError();
    rmSync(path);
    write(join(path, 'inside'), 'x');
    await expectRowsOrOneError();
  });

  it('does not go in circles where a sidecar names itself', async () => {
    const sidecar = toParquet([
      { sidecar: { path: 'one.parquet', sizeInBytes: 700n } },
      { sidecar: { path: 'two', sizeInBytes: 1n } }
    ]);
    write(join(table, '_delta_log', '_sidecars', 'one.parquet'), sidecar);
    const name = 'checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json';
    const meta = metaData([field('id', 'long')]);
    writeActions(logFile(table, 2, name), [
      PROTOCOL,
      meta,
      { sidecar: { path: 'one.parquet', sizeInBytes: sidecar.length } }
    ]);
    expect(await rows()).toEqual([]);
  });

  it.each([
    ['/etc/passwd', 'forbidden'],
    ['file:///etc/passwd', 'forbidden'],
    ['../../outside', 'store_failed'],
    ['%2e%2e/outside', 'store_failed'],
    ['s3a://bucket/key', 'not_found'],
    ['https://example.org/x', 'store_failed'],
    ['a%00b', 'store_failed'],
    ['%', 'store_failed'],
    ['link', 'forbidden'],
    ['', 'store_failed']
  ])('never follows a path to %s', async (path, code) => {
    symlinkSync('/etc/passwd', join(table, 'link'));
    writeCommit(table, 2, [add(path, { size: 10 })]);
    await expect(rows()).rejects.toMatchObject({ code });
  });

  it.each([
    ['a size of 2^53 - 1', { size: Number.MAX_SAFE_INTEGER }],
    ['a negative size', { size: -5 }],
    ['a size of 0', { size: 0 }],
    ['a deletion vector of absurd size', { deletionVector: { ...VECTOR, sizeInBytes: 2 ** 50 } }],
    ['a deletion vector of absurd cardinality', { deletionVector: { ...VECTOR, cardinality: 2 ** 50 } }],
    ['a deletion vector at a negative offset', { deletionVector: { ...VECTOR, offset: -9 } }]
  ])('is refused for %s', async (_, change) => {
    writeCommit(table, 2, [add('a', { size: readFileSync(join(table, 'a')).length, ...change })]);
    await expect(rows()).rejects.toMatchObject({ code: 'store_failed' });
  });
});
