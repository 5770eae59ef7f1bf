import { randomBytes } from 'node:crypto';
import { rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CountingStore, history, openSnapshot, readFile, versionAt, WatchedTable } from '../../../src/companion/delta';
import type { IAddFile, IEngine, Snapshot } from '../../../src/companion/delta';
import { ParquetFile } from '../../../src/companion/delta/parquet';
import { Replay } from '../../../src/companion/delta/replay';
import { ALIVE, localEngine } from '../support/engine';
import {
  add,
  field,
  logFile,
  metaData,
  PROTOCOL,
  remove,
  toParquet,
  write,
  writeActions,
  writeCommit
} from '../support/delta_files';
import type { ActionJson } from '../support/delta_files';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';
import { INT32, rawParquet } from './raw_parquet';

afterAll(removeTemporaryFolders);

const COLUMNS = [field('id', 'long'), field('name', 'string')];
let table: string;
let engine: IEngine;
beforeEach(() => {
  table = temporaryFolder();
  engine = localEngine(table);
});

async function open(version: number | null = null): Promise<Snapshot> {
  const snapshot = await openSnapshot(engine, table, version, ALIVE);
  if (snapshot === null) {
    throw new Error('no table');
  }
  return snapshot;
}

const paths = ({ files }: Pick<Snapshot, 'files'>) => files.map(({ path }) => path).sort();
const features = (...readerFeatures: string[]): ActionJson => ({
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures: readerFeatures }
});
const vector = (id: string) => ({
  deletionVector: { storageType: 'u', pathOrInlineDv: id, offset: 1, sizeInBytes: 1, cardinality: 1 }
});

describe('a snapshot', () => {
  it('holds the files that were added and not removed since, by path and deletion vector', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add('a'), add('b'), add('c%20d')]);
    writeCommit(table, 1, [remove('a'), add('e')]);
    writeCommit(table, 2, [add('a'), remove('c%20d'), remove('b'), add('b', vector('x'))]);
    writeCommit(table, 3, [remove('b', vector('x')), add('b', vector('y'))]);
    const snapshot = await open();
    expect(paths(snapshot)).toEqual(['a', 'b', 'e']);
    expect(snapshot.files.find(({ path }) => path === 'b')?.deletionVector?.pathOrInlineDv).toBe('y');
    expect(paths(await open(1))).toEqual(['b', 'c%20d', 'e']);
  });

  it('knows one file by all its spellings', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add('x%2Fy'), add(`file:${table}/z`)]);
    writeCommit(table, 1, [remove('x/y'), remove('z')]);
    expect(paths(await open())).toEqual([]);
  });

  it('has the newest metadata, protocol and transaction of each application', async () => {
    writeCommit(table, 0, [
      PROTOCOL,
      metaData(COLUMNS, { 'twinstore.format': '1' }),
      { txn: { appId: 'a', version: 1 } }
    ]);
    writeCommit(table, 1, [{ txn: { appId: 'a', version: 7 } }, { txn: { appId: 'b', version: 0 } }]);
    writeCommit(table, 2, [features('deletionVectors'), metaData([...COLUMNS, field('new', 'double')])]);
    const snapshot = await open();
    expect(snapshot.schema.map(({ name }) => name)).toEqual(['id', 'name', 'new']);
    expect([snapshot.properties, snapshot.protocol.minReaderVersion]).toEqual([{}, 3]);
    expect([snapshot.txns.get('a')?.version, snapshot.txns.get('b')?.version]).toEqual([7, 0]);
    expect((await open(1)).properties).toEqual({ 'twinstore.format': '1' });
  });

  it('reads a classic checkpoint in Parquet', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS, { k: 'v' }), add('a'), { txn: { appId: 'a', version: 3 } }]);
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'from-checkpoint', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      { add: { path: 'a', size: 5n, stats: '{"numRecords":1}' } },
      { txn: { appId: 'a', version: 3n } },
      { remove: { path: 'gone' } }
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    writeCommit(table, 1, [add('b')]);
    const snapshot = await open();
    expect([snapshot.segment.checkpoint?.version, snapshot.metadata.id]).toEqual([0, 'from-checkpoint']);
    expect([paths(snapshot), snapshot.files.find(({ path }) => path === 'a')?.size]).toEqual([['a', 'b'], 5]);
    expect(snapshot.txns.get('a')?.version).toBe(3);
  });

  it('takes of a checkpoint the files that no later commit removed or added anew', async () => {
    const file = (path: string, more: object = {}) => ({
      add: {
        path,
        size: 5n,
        modificationTime: 7n,
        partitionValues: new Map([['p', path]]),
        deletionVector: null,
        ...more
      }
    });
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      ...['kept', 'removed', 'again'].map(path => file(path)),
      file('masked', vector('x'))
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    const before = await open(0);
    expect(before.files.map(({ path }) => path)).toEqual(['kept', 'removed', 'again', 'masked']);
    const { size, modificationTime, partitionValues, stats, deletionVector } = before.files[0] as IAddFile;
    expect([size, modificationTime, partitionValues, stats, deletionVector]).toEqual([5, 7, { p: 'kept' }, null, null]);
    expect(before.files[3]?.deletionVector).toMatchObject({ pathOrInlineDv: 'x', cardinality: 1 });
    writeCommit(table, 1, [remove('removed'), add('again', { size: 6 }), remove('masked', vector('x'))]);
    writeCommit(table, 2, [add('masked', vector('y'))]);
    const { files } = await open();
    expect(paths({ files })).toEqual(['again', 'kept', 'masked']);
    expect(files.find(({ path }) => path === 'again')?.size).toBe(6);
    expect(files.find(({ path }) => path === 'masked')?.deletionVector?.pathOrInlineDv).toBe('y');
  });

  it.each([
    ['a size', { path: 'a', size: null }, /add.size is not an integer in .*checkpoint.parquet/],
    ['a path', { path: null, size: 5n }, /add.path is not text in .*checkpoint.parquet/],
    ['a size that can be', { path: 'a', size: 2n ** 60n }, /add.size is not an integer/]
  ])('refuses a checkpoint with a file that lacks %s', async (_, broken, words) => {
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      { add: { path: 'sound', size: 5n } },
      { add: broken }
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    await expect(open()).rejects.toThrow(words);
  });

  it('leaves statistics of a checkpoint out where nobody asks for them', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS)]);
    const long = JSON.stringify({ numRecords: 1, minValues: { name: 'x'.repeat(300_000) } });
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      { add: { path: 'a', size: 5n, stats: long } }
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    const without = await openSnapshot(engine, table, null, ALIVE, { statistics: false });
    expect(without?.files.map(({ path, stats }) => [path, stats])).toEqual([['a', null]]);
    expect((await open()).files.map(({ stats }) => stats)).toEqual([long]);
  });

  it('reads no path of a checkpoint that no commit follows', () => {
    const readPath = jest.fn(() => 'a');
    const files = [Object.defineProperty({} as IAddFile, 'path', { get: readPath })];
    const replay = new Replay(table);
    replay.takeCheckpoint({ files, others: [] });
    expect(replay.state().files).toHaveLength(1);
    expect(readPath).not.toHaveBeenCalled();
  });

  it('decodes the large fields of a checkpoint beside the others', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS)]);
    const stats = (i: number) => (i % 3 === 0 ? null : JSON.stringify({ numRecords: i, pad: 'x'.repeat(2_500) }));
    const adds = Array.from({ length: 1_000 }, (_, i) => ({ path: `f${i}`, size: BigInt(i), stats: stats(i) }));
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      ...adds.map(file => ({ add: file })),
      { txn: { appId: 'a', version: 3n } }
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    const ask = jest.spyOn(engine.decoder, 'ask');
    const { files, txns } = await open();
    expect(ask.mock.calls.filter(([request]) => request.ask === 'column')).toHaveLength(4 + 1);
    expect(files.map(({ path, size, stats }) => ({ path, size: BigInt(size), stats }))).toEqual(adds);
    expect(txns.get('a')?.version).toBe(3);
  });

  describe('with a v2 checkpoint', () => {
    const name = 'checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json';
    const sidecar = () => join(table, '_delta_log', '_sidecars', 'one.parquet');

    beforeEach(() => {
      writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add('a')]);
      writeCommit(table, 1, [features('v2Checkpoint'), add('b')]);
      const adds = toParquet([{ add: { path: 'a', size: 1n } }, { add: { path: 'b', size: 1n } }]);
      write(sidecar(), adds);
      writeActions(logFile(table, 1, name), [
        features('v2Checkpoint'),
        metaData(COLUMNS, {}, 'from-checkpoint'),
        { checkpointMetadata: { version: 1 } },
        { sidecar: { path: 'one.parquet', sizeInBytes: adds.length, modificationTime: 0 } }
      ]);
    });

    it('reads the files in its sidecars', async () => {
      const snapshot = await open();
      expect([snapshot.metadata.id, paths(snapshot)]).toEqual(['from-checkpoint', ['a', 'b']]);
    });

    it('reads no sidecar where no files are wanted', async () => {
      rmSync(sidecar());
      const snapshot = await openSnapshot(engine, table, null, ALIVE, { files: false });
      expect(snapshot?.metadata.id).toBe('from-checkpoint');
    });

    it('falls back to the commits when a sidecar is missing, cut off or damaged', async () => {
      for (const harm of [
        () => truncateSync(sidecar(), 40),
        () => writeFileSync(sidecar(), Buffer.alloc(900, 'PAR1')),
        () => rmSync(sidecar())
      ]) {
        harm();
        const snapshot = await open();
        expect([snapshot.metadata.id, paths(snapshot)]).toEqual(['table-1', ['a', 'b']]);
      }
    });

    it('is refused when it cannot be read and the commits are gone', async () => {
      rmSync(sidecar());
      rmSync(logFile(table, 0));
      await expect(open()).rejects.toThrow(/one\.parquet does not exist/);
    });

    it.each(['../../../etc/passwd', '%2e%2e/%2e%2e/x'])('refuses a sidecar that leads to %s', async path => {
      rmSync(logFile(table, 0));
      writeActions(logFile(table, 1, name), [
        features('v2Checkpoint'),
        metaData(COLUMNS),
        { sidecar: { path, sizeInBytes: 9 } }
      ]);
      await expect(open()).rejects.toMatchObject({ code: 'store_failed' });
    });
  });

  it('reads compacted logs, removes included', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add('a')]);
    writeCommit(table, 1, [add('b')]);
    writeCommit(table, 2, [remove('a')]);
    // What only the compacted log says shows that it was read.
    writeActions(logFile(table, 1, `${'2'.padStart(20, '0')}.compacted.json`), [
      add('b'),
      add('compacted'),
      remove('a')
    ]);
    expect(paths(await open())).toEqual(['b', 'compacted']);
  });

  it.each([
    ['truncated', '{"add":{"path":"a"', /line 2 is not JSON/],
    ['an action of another type', '["add"]', /an action is not an object/],
    ['a path that is a number', '{"add":{"path":1,"size":1}}', /add\.path is not text/],
    ['an absurd size', '{"add":{"path":"a","size":1e400}}', /add\.size is not an integer/],
    ['a size beyond 2^53', '{"add":{"path":"a","size":9007199254740993}}', /add\.size is not an integer/],
    [
      'a nested list as configuration',
      '{"metaData":{"id":"x","schemaString":"{}","configuration":[]}}',
      /configuration is not an object/
    ]
  ])('refuses a damaged commit and names the file: %s', async (_, line, message) => {
    write(logFile(table, 0), `${JSON.stringify(PROTOCOL)}\n${line}\n`);
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toThrow(logFile(table, 0));
  });

  it('refuses a schema that cannot be read', async () => {
    const broken = metaData([]);
    writeCommit(table, 0, [PROTOCOL, { metaData: { ...broken.metaData, schemaString: '{"fields":[{}]}' } }]);
    await expect(open()).rejects.toThrow(/schema cannot be read/);
  });

  it('is no worse for what no row depends on', async () => {
    write(
      logFile(table, 0),
      [
        ...[PROTOCOL, metaData(COLUMNS)].map(action => JSON.stringify(action)),
        '{"txn":{"appId":"a","version":9223372036854775807}}',
        '{"add":{"path":"a","size":1,"modificationTime":1e400,"stats":7,"partitionValues":{}}}'
      ].join('\n')
    );
    const snapshot = await open();
    expect(snapshot.txns.get('a')).toEqual({ appId: 'a', version: null });
    expect(snapshot.files).toMatchObject([{ path: 'a', modificationTime: null, stats: null }]);
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      { txn: { appId: 'a', version: 2n ** 60n } }
    ];
    write(logFile(table, 0, 'checkpoint.parquet'), toParquet(rows));
    expect((await open()).txns.get('a')).toEqual({ appId: 'a', version: null });
  });

  it('takes another checkpoint of the same version for a damaged one', async () => {
    const checkpoint = toParquet([
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'sound', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      { add: { path: 'a', size: 5n } }
    ]);
    const uuid = (last: number) => `checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e${last}.parquet`;
    write(logFile(table, 3, uuid(1)), checkpoint);
    write(logFile(table, 3, uuid(2)), checkpoint.subarray(0, -20));
    write(logFile(table, 3, uuid(3)), checkpoint.subarray(0, -30));
    const snapshot = await open();
    expect([snapshot.metadata.id, paths(snapshot)]).toEqual(['sound', ['a']]);
  });

  it('takes protocol and metadata alone where no files are wanted', async () => {
    const path = () => randomBytes(8_000).toString('hex');
    const rows = [
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: 'x', schemaString: JSON.stringify({ type: 'struct', fields: COLUMNS }) } },
      ...Array.from({ length: 100 }, () => ({ add: { path: path(), size: 5n } }))
    ];
    const bytes = toParquet(rows);
    write(logFile(table, 0, 'checkpoint.parquet'), bytes);
    writeCommit(table, 1, [metaData(COLUMNS, { k: 'v' })]);
    const counting = new CountingStore(engine.store);
    const snapshot = await openSnapshot({ ...engine, store: counting }, table, null, ALIVE, { files: false });
    expect([snapshot?.version, snapshot?.properties, snapshot?.protocol.minWriterVersion]).toEqual([1, { k: 'v' }, 2]);
    expect(counting.bytes).toBeLessThan(bytes.length / 2);
    expect(snapshot?.held).toBe(0);
    expect(() => snapshot?.files).toThrow('without its files');
  });

  it('reads nothing of a checkpoint without any of its columns, whatever its footer claims', async () => {
    const bytes = rawParquet([{ name: 'x', id: 2, type: INT32, values: Buffer.alloc(0) }], 2 ** 25);
    write(logFile(table, 0, 'checkpoint.parquet'), bytes);
    const read = jest.spyOn(ParquetFile.prototype, 'read');
    await expect(open()).rejects.toThrow('no protocol');
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });

  it('ignores actions that readers may ignore', async () => {
    writeCommit(table, 0, [
      { commitInfo: { operation: 'X' } },
      PROTOCOL,
      { domainMetadata: { domain: 'd' } },
      { cdc: { path: 'c' } },
      metaData(COLUMNS),
      add('a')
    ]);
    expect(paths(await open())).toEqual(['a']);
  });

  it('refuses unknown reader features and the data with one sentence, but shows the rest', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS, { k: 'v' }), add('a')]);
    writeCommit(table, 1, [features('variantType', 'deletionVectors', 'catalogManaged')]);
    const snapshot = await open();
    expect([snapshot.properties, snapshot.schema.length]).toEqual([{ k: 'v' }, 2]);
    expect(() => snapshot.files).toThrow('needs the reader features "variantType", "catalogManaged", since version 1');
    expect(await history(engine, table, 10, ALIVE)).toHaveLength(2);
  });

  it('is not blocked by features that only writers need', async () => {
    const writers = ['appendOnly', 'changeDataFeed', 'inCommitTimestamp', 'rowTracking', 'madeUp'];
    writeCommit(table, 0, [
      { protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [], writerFeatures: writers } },
      metaData(COLUMNS),
      add('a')
    ]);
    expect(paths(await open())).toEqual(['a']);
  });
});

describe('time', () => {
  const HOUR = 3_600_000;
  const touch = (version: number, ms: number) => utimesSync(logFile(table, version), ms / 1000, ms / 1000);
  const at = (ms: number) => versionAt(engine, table, ms, ALIVE);

  it('is that of the files, made to grow, where commits carry none', async () => {
    [10 * HOUR, 5 * HOUR, 20 * HOUR].forEach((ms, version) => {
      writeCommit(table, version, version === 0 ? [PROTOCOL, metaData(COLUMNS)] : [add(`${version}`)]);
      touch(version, ms);
    });
    expect(await at(10 * HOUR)).toBe(0);
    expect(await at(10 * HOUR + 1)).toBe(1);
    expect(await at(20 * HOUR - 1)).toBe(1);
    expect(await at(30 * HOUR)).toBe(2);
    await expect(at(10 * HOUR - 1)).rejects.toMatchObject({ code: 'not_found' });
    expect((await history(engine, table, 9, ALIVE)).map(({ timestampMs }) => timestampMs)).toEqual([
      20 * HOUR,
      10 * HOUR + 1,
      10 * HOUR
    ]);
  });

  it('is the one in the commit from the version on that switched it on', async () => {
    const on = { 'delta.enableInCommitTimestamps': 'true', 'delta.inCommitTimestampEnablementVersion': '2' };
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS)]);
    writeCommit(table, 1, [add('a')]);
    const info = (ms: number) => ({ commitInfo: { inCommitTimestamp: ms, timestamp: 1, operation: 'WRITE' } });
    writeCommit(table, 2, [info(5 * HOUR), metaData(COLUMNS, on)]);
    writeCommit(table, 3, [info(6 * HOUR), add('b'.repeat(100_000))]);
    writeCommit(table, 4, [info(7 * HOUR), add('c')]);
    [HOUR, 2 * HOUR, 99 * HOUR, 99 * HOUR, HOUR].forEach((ms, version) => touch(version, ms));
    expect(await Promise.all([1, 2, 4.9, 5, 6.5, 7, 50].map(hours => at(hours * HOUR)))).toEqual([0, 1, 1, 2, 3, 4, 4]);
    expect((await history(engine, table, 2, ALIVE)).map(({ timestampMs }) => timestampMs)).toEqual([
      7 * HOUR,
      6 * HOUR
    ]);
  });

  it.each(['true', 'TRUE'])('is missed where it is switched on and not there: %s', async on => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS, { 'delta.enableInCommitTimestamps': on })]);
    await expect(at(HOUR)).rejects.toThrow(/no inCommitTimestamp/);
  });
});

describe('history', () => {
  it('tells operation, metrics, run and transaction, newest first', async () => {
    const commitInfo = {
      timestamp: 1,
      operation: 'WRITE',
      operationParameters: { mode: 'Append' },
      operationMetrics: { numOutputRows: '5' },
      userMetadata: '{"twinstore":{"run":"r1","created_us":1}}',
      engineInfo: 'Spark'
    };
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS)]);
    writeCommit(table, 1, [
      { commitInfo },
      { txn: { appId: 'twinstore.write:g:r1', version: 0 } },
      add('a'),
      remove('b')
    ]);
    const [last, first] = await history(engine, table, 10, ALIVE);
    expect(last).toMatchObject({
      version: 1,
      operation: 'WRITE',
      parameters: { mode: 'Append' },
      metrics: { numOutputRows: '5' },
      userMetadata: '{"twinstore":{"run":"r1","created_us":1}}',
      engine: 'Spark',
      txns: [{ appId: 'twinstore.write:g:r1', version: 0 }],
      filesAdded: 1,
      filesRemoved: 1
    });
    expect(first).toMatchObject({ version: 0, operation: null, txns: [] });
  });
});

describe('commit information', () => {
  it('is free: what is of another shape says nothing, and never damages a log', async () => {
    const commitInfo = {
      timestamp: 'now',
      operation: 7,
      operationParameters: 'none',
      operationMetrics: { num_added_rows: 3, nested: { a: null }, text: 'x' },
      engineInfo: ['delta-rs'],
      inCommitTimestamp: 1.5
    };
    writeCommit(table, 0, [{ commitInfo }, PROTOCOL, metaData(COLUMNS), add('a')]);
    expect(paths(await open())).toEqual(['a']);
    expect((await history(engine, table, 1, ALIVE))[0]).toMatchObject({
      operation: null,
      parameters: {},
      metrics: { num_added_rows: '3', nested: '{"a":null}', text: 'x' },
      engine: null
    });
  });
});

describe('a small table', () => {
  const dataFile = (path: string, rows: Record<string, unknown>[]) => {
    const bytes = toParquet(rows);
    write(join(table, path), bytes);
    return { path, size: bytes.length };
  };

  it('gives null for columns that a file does not have yet, and partition values from the log', async () => {
    const { size } = dataFile('p=x/one.parquet', [
      { id: 2n ** 60n, name: 'née' },
      { id: 1n, name: null }
    ]);
    const meta = metaData([...COLUMNS, field('later', 'double'), field('p', 'string'), field('n', 'long')]);
    meta.metaData.partitionColumns.push('p', 'n');
    writeCommit(table, 0, [PROTOCOL, meta, add('p=x/one.parquet', { size, partitionValues: { p: '', n: '7' } })]);
    const snapshot = await open();
    const [file] = snapshot.files;
    expect(file && (await readFile(engine, snapshot, file, ALIVE))).toEqual([
      { id: 2n ** 60n, name: 'née', later: null, p: null, n: 7n },
      { id: 1n, name: null, later: null, p: null, n: 7n }
    ]);
  });

  it.each([
    ['../outside.parquet', 'store_failed'],
    ['file:///etc/passwd', 'forbidden'],
    ['/etc/passwd', 'forbidden']
  ])('never reads the file %s', async (path, code) => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add(path, { size: 10 })]);
    const reading = open().then(snapshot =>
      Promise.all(snapshot.files.map(file => readFile(engine, snapshot, file, ALIVE)))
    );
    await expect(reading).rejects.toMatchObject({ code });
  });
});

describe('a watched table', () => {
  let reads: string[];
  let watched: WatchedTable;
  beforeEach(() => {
    reads = [];
    const { store, decoder } = engine;
    const counted: IEngine['store'] = {
      list: (folder, options) => (reads.push('list'), store.list(folder, options)),
      read: (location, options) => (reads.push(location.slice(table.length + 1)), store.read(location, options))
    };
    watched = new WatchedTable({ store: counted, decoder }, table);
  });

  const append = (version: number, name: string, actions: ActionJson[] = []) => {
    const bytes = toParquet([{ id: BigInt(version), name }]);
    write(join(table, name), bytes);
    writeCommit(table, version, [...actions, add(name, { size: bytes.length })]);
  };

  it('needs one listing while nothing is committed, and reads only files that are new', async () => {
    append(0, 'a', [PROTOCOL, metaData(COLUMNS)]);
    const rows = await watched.rows(ALIVE);
    const snapshot = await watched.snapshot(ALIVE);
    reads.length = 0;
    expect(await watched.rows(ALIVE)).toBe(rows);
    expect(await watched.snapshot(ALIVE)).toBe(snapshot);
    expect(reads).toEqual(['list', 'list']);
    append(1, 'b');
    reads.length = 0;
    expect(await watched.rows(ALIVE)).toEqual([
      { id: 1n, name: 'b' },
      { id: 0n, name: 'a' }
    ]);
    expect(reads).toContain('b');
    expect(reads).not.toContain('a');
  });

  it('sees a table that was dropped and made anew at the same version', async () => {
    append(0, 'a', [PROTOCOL, metaData(COLUMNS)]);
    await watched.rows(ALIVE);
    rmSync(join(table, '_delta_log'), { recursive: true });
    expect(await watched.snapshot(ALIVE)).toBeNull();
    append(0, 'b', [PROTOCOL, metaData(COLUMNS, {}, 'table-2')]);
    expect((await watched.snapshot(ALIVE))?.metadata.id).toBe('table-2');
    expect(await watched.rows(ALIVE)).toEqual([{ id: 0n, name: 'b' }]);
  });

  it('shows a table as soon as there is one', async () => {
    expect(await watched.rows(ALIVE)).toEqual([]);
    append(0, 'a', [PROTOCOL, metaData(COLUMNS)]);
    expect(await watched.rows(ALIVE)).toHaveLength(1);
  });
});
