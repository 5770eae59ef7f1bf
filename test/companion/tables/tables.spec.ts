import { randomBytes } from 'node:crypto';
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CountingStore, LocalStore, RoutedStore } from '../../../src/companion/delta';
import { errorBody } from '../../../src/companion/error_body';
import { Redactor } from '../../../src/companion/redaction';
import { Tables } from '../../../src/companion/tables';
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
import { ALIVE, localEngine } from '../support/engine';
import { GroupFiles } from '../support/group_files';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

let root: string;
let counting: CountingStore;
let tables: Tables;
beforeEach(() => {
  root = temporaryFolder();
  const local = new LocalStore([root]);
  counting = new CountingStore(new RoutedStore([root], local, local));
  tables = new Tables({ ...localEngine(root), store: counting }, [root], error => errorBody(error, '', new Redactor()));
});
afterAll(removeTemporaryFolders);

const place = (name: string) => join(root, name);
const COLUMNS = [field('k', 'long'), { ...field('day', 'date', { comment: 'of the meter' }), nullable: false }];

function writeTable(name: string, configuration: Record<string, string> = {}): string {
  writeCommit(place(name), 0, [PROTOCOL, metaData(COLUMNS, configuration)]);
  return place(name);
}

/** Requests that some work needs. */
async function requests(work: () => Promise<unknown>): Promise<number> {
  const before = counting.requests;
  await work();
  return counting.requests - before;
}

describe('places', () => {
  it('lists the roots, and one level of a folder by name', async () => {
    writeTable('b/table');
    new GroupFiles(place('b/energy'), 'energy').create();
    write(place('b/deep/down/file'), '');
    write(place('b/_hidden/file'), '');
    write(place('b/.hidden/file'), '');
    expect(await tables.list(null, ALIVE)).toEqual({
      location: null,
      entries: [{ name: root, location: root, kind: 'folder' }],
      truncated: false
    });
    expect(await tables.list(`file://${place('b')}/`, ALIVE)).toEqual({
      location: place('b'),
      entries: [
        { name: 'deep', location: place('b/deep'), kind: 'folder' },
        { name: 'energy', location: place('b/energy'), kind: 'group' },
        { name: 'table', location: place('b/table'), kind: 'table' }
      ],
      truncated: false
    });
  });

  it('shows a damaged table as a table, and keeps to the roots', async () => {
    write(logFile(place('broken'), 0), 'no JSON');
    expect((await tables.list(root, ALIVE)).entries).toMatchObject([{ name: 'broken', kind: 'table' }]);
    for (const location of ['/', '/etc', `${root}/../x`, 's3a://elsewhere']) {
      await expect(tables.list(location, ALIVE)).rejects.toMatchObject({ name: 'TwinstoreError' });
    }
  });

  it('shows a root as a folder while its store cannot be reached', async () => {
    const refused = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const list = jest.spyOn(counting, 'list').mockImplementation(refused);
    const read = jest.spyOn(counting, 'read').mockImplementation(refused);
    expect((await tables.list(null, ALIVE)).entries).toEqual([{ name: root, location: root, kind: 'folder' }]);
    expect(list.mock.calls.length + read.mock.calls.length).toBe(1);
    list.mockRestore();
    read.mockRestore();
  });

  it('lists a thousand folders and says that there are more', async () => {
    for (let i = 0; i < 1_001; i++) {
      write(place(`f${i}/file`), '');
    }
    const { entries, truncated } = await tables.list(root, ALIVE);
    expect([entries.length, truncated]).toEqual([1_000, true]);
  });

  it('reads of a large log only what the table is', async () => {
    const file = () => ({ add: { path: randomBytes(8_000).toString('hex'), size: 5n } });
    const { metaData: meta } = metaData(COLUMNS);
    const checkpoint = toParquet([
      { protocol: { minReaderVersion: 1n, minWriterVersion: 2n } },
      { metaData: { id: meta.id, schemaString: meta.schemaString } },
      ...Array.from({ length: 100 }, file)
    ]);
    write(logFile(place('large'), 0, 'checkpoint.parquet'), checkpoint);
    const before = counting.bytes;
    expect((await tables.list(root, ALIVE)).entries).toMatchObject([{ name: 'large', kind: 'table' }]);
    expect(counting.bytes - before).toBeLessThan(checkpoint.length / 2);
  });

  it('reads a log once, and sees when a table becomes a group', async () => {
    writeTable('energy');
    // The folder, whether there is a log, its hint, its files, and the commit.
    expect(await requests(() => tables.list(root, ALIVE))).toBe(5);
    // The folder, and the tail of the log.
    expect(await requests(() => tables.list(root, ALIVE))).toBe(2);
    const { definition } = new GroupFiles(place('energy'), 'energy');
    const properties = { 'twinstore.definition': JSON.stringify(definition), 'twinstore.format': '1' };
    writeCommit(place('energy'), 1, [metaData(COLUMNS, properties)]);
    expect((await tables.list(root, ALIVE)).entries).toMatchObject([{ name: 'energy', kind: 'group' }]);
    rmSync(place('energy/_delta_log'), { recursive: true });
    expect((await tables.list(root, ALIVE)).entries).toMatchObject([{ name: 'energy', kind: 'folder' }]);
  });
});

describe('one table', () => {
  const stats = (rows: number) => ({ stats: JSON.stringify({ numRecords: rows }) });
  const vector = { storageType: 'i', pathOrInlineDv: 'x', sizeInBytes: 4, cardinality: 3 };

  it('tells schema, properties, protocol and size of any version', async () => {
    const location = writeTable('t', { 'delta.appendOnly': 'true' });
    const info = { commitInfo: { timestamp: 1, inCommitTimestamp: 1_700_000_000_123 } };
    writeCommit(location, 1, [add('a', { size: 10, ...stats(5) })]);
    const timed = { 'delta.enableInCommitTimestamps': 'true', 'delta.inCommitTimestampEnablementVersion': '2' };
    writeCommit(location, 2, [
      info,
      { metaData: { ...metaData(COLUMNS, timed).metaData, name: 'meters', description: 'all of them' } },
      add('b', { size: 20, ...stats(7), deletionVector: vector })
    ]);
    expect(await tables.get({ location }, ALIVE)).toEqual({
      location,
      version: 2,
      head: 2,
      committed_us: 1_700_000_000_123_000,
      id: 'table-1',
      name: 'meters',
      description: 'all of them',
      columns: [
        { name: 'k', type: 'bigint', nullable: true, partition: false, comment: null },
        { name: 'day', type: 'date', nullable: false, partition: false, comment: 'of the meter' }
      ],
      properties: timed,
      protocol: { reader: 1, writer: 2, reader_features: [], writer_features: [] },
      files: 2,
      bytes: 30,
      rows: 9,
      group: null,
      refusal: null
    });
    const older = await tables.get({ location, version: 1 }, ALIVE);
    expect(older).toMatchObject({ version: 1, head: 2, files: 1, rows: 5, name: null });
    expect(older.properties).toEqual({ 'delta.appendOnly': 'true' });
    expect(await tables.get({ location, at_us: 1_700_000_000_123_000 }, ALIVE)).toMatchObject({ version: 2 });
    await expect(tables.get({ location, version: 9 }, ALIVE)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('knows no number of rows when a file has no statistics', async () => {
    const location = writeTable('t');
    writeCommit(location, 1, [add('a', stats(5)), add('b')]);
    expect(await tables.get({ location }, ALIVE)).toMatchObject({ files: 2, rows: null });
  });

  it('shows a table whose rows are refused, and why', async () => {
    const location = place('t');
    const features = { readerFeatures: ['variantType'], writerFeatures: ['variantType'] };
    const protocol = { protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features } };
    writeCommit(location, 0, [protocol, metaData([field('v', 'variant')]), add('a')]);
    expect(await tables.get({ location }, ALIVE)).toMatchObject({
      columns: [{ name: 'v', type: 'variant' }],
      files: null,
      bytes: null,
      rows: null,
      refusal: { code: 'unsupported', message: expect.stringContaining('variantType') }
    });
    expect((await tables.history(location, 10, ALIVE)).commits).toHaveLength(1);
    await expect(tables.files({ location }, 10, ALIVE)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('names its group, and none where the definition is of another format', async () => {
    new GroupFiles(place('energy'), 'energy').create();
    expect(await tables.get({ location: place('energy') }, ALIVE)).toMatchObject({ group: 'energy' });
    new GroupFiles(place('newer'), 'newer').create({ 'twinstore.format': '2' });
    expect(await tables.get({ location: place('newer') }, ALIVE)).toMatchObject({ group: null });
  });

  it('refuses what is no table and what lies elsewhere', async () => {
    await expect(tables.get({ location: place('none') }, ALIVE)).rejects.toMatchObject({ code: 'not_found' });
    await expect(tables.get({ location: '/etc' }, ALIVE)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('is read again only where something was committed', async () => {
    const location = writeTable('t');
    writeCommit(location, 1, [add('a', stats(5))]);
    await tables.get({ location, version: 0 }, ALIVE);
    await tables.get({ location }, ALIVE);
    // One listing of the log's tail.
    expect(await requests(() => tables.get({ location }, ALIVE))).toBe(1);
    await tables.history(location, 10, ALIVE);
    expect(await requests(() => tables.history(location, 10, ALIVE))).toBe(1);
    // And one of the version's own commit.
    expect(await requests(() => tables.files({ location, version: 0 }, 10, ALIVE))).toBe(2);
    writeCommit(location, 2, [remove('a')]);
    expect(await tables.get({ location }, ALIVE)).toMatchObject({ version: 2, files: 0, rows: 0 });
    expect((await tables.history(location, 10, ALIVE)).commits).toHaveLength(3);
  });

  it('finds the version at a time without reading the log again', async () => {
    const location = writeTable('t');
    writeCommit(location, 1, [add('a', stats(5))]);
    utimesSync(logFile(location, 0), 1_000, 1_000);
    const early = { location, at_us: 2_000_000_000 };
    expect(await tables.get(early, ALIVE)).toMatchObject({ version: 0, head: 1 });
    // Listings of the log's tail, of all commits, and of the version's own.
    expect(await requests(() => tables.get(early, ALIVE))).toBe(3);
  });

  it('forgets an older version that a restored log has otherwise', async () => {
    const location = writeTable('t');
    writeCommit(location, 1, [add('a')]);
    writeCommit(location, 2, [add('b')]);
    expect(await tables.get({ location, version: 1 }, ALIVE)).toMatchObject({ files: 1 });
    writeCommit(location, 1, [add('c'), add('d')]);
    writeCommit(location, 2, [add('e'), remove('c')]);
    expect(await tables.get({ location, version: 1 }, ALIVE)).toMatchObject({ files: 2, id: 'table-1' });
  });

  it('forgets an older version of a table that was made anew', async () => {
    const location = writeTable('t');
    writeCommit(location, 1, [add('a')]);
    expect(await tables.get({ location, version: 0 }, ALIVE)).toMatchObject({ id: 'table-1' });
    rmSync(location, { recursive: true });
    writeCommit(location, 0, [PROTOCOL, metaData([field('other', 'string')], {}, 'table-2')]);
    writeCommit(location, 1, [add('other')]);
    expect(await tables.get({ location, version: 0 }, ALIVE)).toMatchObject({ id: 'table-2' });
  });
});

describe('a preview', () => {
  it('does not go on with another table that was made at the same place', async () => {
    const location = writeTable('t');
    const rest = (table_id: string) =>
      tables.preview({ location, version: 0, limit: 5, skip: 1, table_id }, ALIVE).next();
    await rest('table-1');
    await expect(rest('table-0')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(location)
    });
  });
});

describe('statistics', () => {
  it('tell how much is read of what is planned', async () => {
    const location = place('t');
    const bytes = toParquet([{ v: 1.5 }, { v: 2.5 }]);
    write(join(location, 'f'), bytes);
    writeCommit(location, 0, [PROTOCOL, metaData([field('v', 'double')]), add('f', { size: bytes.length })]);
    const read = counting.read.bind(counting);
    const slow = jest.spyOn(counting, 'read').mockImplementation(async (...args) => (await sleep(300), read(...args)));
    const progress: object[] = [];
    const parts = tables.statistics({ location }, ALIVE);
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
      progress.push('progress' in part.value ? part.value.progress : part.value);
    }
    slow.mockRestore();
    // A small file is read as a whole when it is opened: for the bounds, and again for the bins.
    expect(progress.at(-1)).toEqual({ bytes: bytes.length, planned_bytes: 2 * bytes.length, rows: 2 });
  });
});

describe('history', () => {
  it('tells the commits, newest first, and whose they are', async () => {
    const location = writeTable('t');
    const info = {
      timestamp: 5,
      operation: 'WRITE',
      operationParameters: { mode: 'Append' },
      operationMetrics: { numFiles: 1 },
      engineInfo: 'Spark',
      userMetadata: JSON.stringify({ twinstore: { run: 'run-1', created_us: 1 } })
    };
    writeCommit(location, 1, [{ commitInfo: info }, add('a'), add('b')]);
    for (const [i, text] of ['null', '7', '{"twinstore": null}', '{"run": "x"}', 'not JSON'].entries()) {
      writeCommit(location, 2 + i, [{ commitInfo: { ...info, userMetadata: text } }, remove('a')]);
    }
    const { commits, watermark, receipts } = await tables.history(location, 6, ALIVE);
    expect(commits.map(({ version }) => version)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(commits.map(({ run_id }) => run_id)).toEqual([null, null, null, null, null, 'run-1']);
    expect(commits.at(-1)).toEqual({
      version: 1,
      committed_us: expect.any(Number),
      operation: 'WRITE',
      parameters: { mode: 'Append' },
      metrics: { numFiles: '1' },
      engine: 'Spark',
      files_added: 2,
      files_removed: 0,
      run_id: 'run-1'
    });
    expect([watermark, receipts]).toEqual([null, []]);
  });

  it('tells how far a group is online, and the newest receipt of each of its runs', async () => {
    const location = place('energy');
    const group = new GroupFiles(location, 'energy').create();
    expect(await tables.history(location, 10, ALIVE)).toMatchObject({ watermark: null, receipts: [] });
    const commit = (version: number, run: string) =>
      writeCommit(location, version, [{ commitInfo: { userMetadata: JSON.stringify({ twinstore: { run } }) } }]);
    commit(1, 'one');
    commit(2, 'two');
    group.receipt(-1, 1, { run_id: 'one' }).receipt(1, 2, { run_id: 'two', at_us: 10 });
    group.receipt(1, 2, { run_id: 'two', at_us: 20 }).receipt(2, 3, { run_id: 'elsewhere' });
    const { watermark, receipts } = await tables.history(location, 10, ALIVE);
    expect(watermark).toBe(3);
    expect(receipts.map(({ run_id, at_us }) => [run_id, at_us])).toEqual([
      ['one', 1_000_000],
      ['two', 20]
    ]);
  });
});

describe('files', () => {
  it('lists the largest first, with names and partitions as people know them', async () => {
    const location = place('t');
    const mapped = { 'delta.columnMapping.id': 2, 'delta.columnMapping.physicalName': 'col-2' };
    const mode = { 'delta.columnMapping.mode': 'name' };
    const metadata = metaData([field('k', 'long'), field('p', 'string', mapped)], mode);
    metadata.metaData.partitionColumns.push('p');
    writeCommit(location, 0, [PROTOCOL, metadata]);
    writeActions(logFile(location, 1), [
      add('p=a%2520b/x', { size: 10, partitionValues: { 'col-2': 'a b' }, modificationTime: 7 }),
      add('y', { size: 20, stats: '{"numRecords": 4}', partitionValues: { 'col-2': null } }),
      add('z', { size: 5 })
    ]);
    expect(await tables.files({ location }, 2, ALIVE)).toEqual({
      files: [
        { path: 'y', bytes: 20, rows: 4, deleted: 0, partition: { p: null }, modified_us: 0 },
        { path: 'p=a%20b/x', bytes: 10, rows: null, deleted: 0, partition: { p: 'a b' }, modified_us: 7_000 }
      ],
      total: 3,
      bytes: 35
    });
  });
});
