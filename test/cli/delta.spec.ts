import { tableFromIPC } from 'apache-arrow';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';

import type { IContext } from '../../src/cli/command';
import { textTable } from '../../src/cli/output';
import { twinstore } from '../../src/cli/twinstore';
import { bundle } from '../companion/support/bundles';
import {
  add,
  field,
  metaData,
  PROTOCOL,
  remove,
  toParquet,
  write,
  writeCommit
} from '../companion/support/delta_files';
import { removeTemporaryFolders, temporaryFolder } from '../companion/support/temporary_folder';

const home = temporaryFolder();
const table = join(home, 'table');
afterAll(removeTemporaryFolders);

class Collected extends Writable {
  bytes = Buffer.alloc(0);

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    done();
  }
}

async function run(args: string[], change: Partial<IContext> = {}) {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const context: IContext = {
    env: { XDG_STATE_HOME: home, XDG_CONFIG_HOME: home },
    cwd: home,
    program: bundle('cli'),
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
    ...change
  };
  const code = await twinstore(['delta', ...args], context);
  return { code, out: stdout.bytes.toString(), bytes: stdout.bytes, err: stderr.bytes.toString() };
}

const VALUES = {
  price: '1.10',
  at: '1969-12-31 23:59:59.999999',
  wall: '9999-12-31 23:59:59.000001',
  day: '0001-01-01',
  single: '0.1',
  twofold: '-0.0',
  odd: 'NaN',
  bytes: 'a\u0001',
  flag: 'true',
  none: ''
};
const TYPES = {
  price: 'decimal(38,2)',
  at: 'timestamp',
  wall: 'timestamp_ntz',
  day: 'date',
  single: 'float',
  twofold: 'double',
  odd: 'double',
  bytes: 'binary',
  flag: 'boolean',
  none: 'string'
};

beforeAll(() => {
  const columns = [field('id', 'long'), ...Object.entries(TYPES).map(([name, type]) => field(name, type))];
  const meta = metaData(columns);
  meta.metaData.partitionColumns.push(...Object.keys(TYPES));
  const rows = (...ids: bigint[]) => toParquet(ids.map(id => ({ id })));
  const [first, second] = [rows(9007199254740993n, 2n), rows(3n)];
  write(join(table, 'a'), first);
  write(join(table, 'b'), second);
  const commitInfo = { timestamp: 5, operation: 'WRITE', engineInfo: 'me', inCommitTimestamp: 1_000 };
  const stats = JSON.stringify({ numRecords: 2 });
  writeCommit(table, 0, [
    { commitInfo },
    PROTOCOL,
    meta,
    add('a', { size: first.length, partitionValues: VALUES, stats })
  ]);
  writeCommit(table, 1, [
    { commitInfo: { ...commitInfo, operation: 'DELETE', inCommitTimestamp: 2_000 } },
    remove('a'),
    add('b', { size: second.length, partitionValues: { ...VALUES, price: '-99' } })
  ]);
});

test('rows prints every value exactly', async () => {
  const { code, out, err } = await run(['rows', 'table', '--version', '0', '--json']);
  expect([code, err]).toEqual([0, expect.stringMatching(/^Read \d+ bytes in \d+ requests\.\n$/)]);
  expect(out.split('\n')[0]).toBe(
    '{"id":"9007199254740993","price":"1.10","at":"1969-12-31T23:59:59.999999Z","wall":"9999-12-31T23:59:59.000001",' +
      '"day":"0001-01-01","single":0.1,"twofold":-0.0,"odd":"NaN","bytes":"6101","flag":true,"none":null}'
  );
  const shown = await run(['rows', table, '--columns', 'price, id,none']);
  expect(shown.err).toMatch(/^At most 20 are shown; --limit N shows more. Read/);
  expect(shown.out).toBe('price   id  none\n-99.00  3   null\n');
});

test('an address of a store that is not read is told from a path', async () => {
  const { code, err } = await run(['rows', 'abfss://container@account/x']);
  expect([code, err]).toEqual([2, expect.stringMatching(/neither an address of S3 \(s3a:\/\/bucket\/key\) nor/)]);
});

test('rows ends after --limit', async () => {
  expect((await run(['rows', table, '--version', '0', '--limit', '1', '--columns', 'id', '--json'])).out).toBe(
    '{"id":"9007199254740993"}\n'
  );
  expect((await run(['rows', table, '--limit', '0', '--columns', 'id'])).out).toBe('id\n');
});

test('rows takes a condition', async () => {
  const wanted = ['rows', table, '--version', '0', '--columns', 'id', '--json'];
  expect((await run([...wanted, '--where', "id > 2 and price = '1.1'"])).out).toBe('{"id":"9007199254740993"}\n');
  const wrong = await run([...wanted, '--where', 'id >']);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/makes no sense/)]);
});

test('rows as arrow is a stream of the Arrow types', async () => {
  const { bytes } = await run(['rows', table, '--version', '0', '--format', 'arrow', '--columns', 'id,price,at']);
  const read = tableFromIPC(bytes);
  expect(read.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'id: Int64',
    'price: Decimal[38e+2]',
    'at: Timestamp<MICROSECOND, UTC>'
  ]);
  expect(read.getChild('id')?.toArray()).toEqual(BigInt64Array.of(9007199254740993n, 2n));
  expect(tableFromIPC((await run(['rows', table, '--limit', '0', '--format', 'arrow'])).bytes).numRows).toBe(0);
});

test('schema, history and files tell what the log says', async () => {
  const schema = await run(['schema', table]);
  expect(schema.out.split('\n').slice(0, 3)).toEqual([
    'column   type',
    'id       bigint',
    'price    decimal(38,2)    partition'
  ]);
  const history = await run(['history', table, '--json']);
  expect(
    history.out
      .split('\n')
      .slice(0, 2)
      .map(line => JSON.parse(line) as unknown)
  ).toMatchObject([
    { version: 1, operation: 'DELETE', timestamp: '1970-01-01T00:00:02.000000Z', filesAdded: 1, filesRemoved: 1 },
    { version: 0, operation: 'WRITE', engine: 'me' }
  ]);
  const files = await run(['files', table, '--version', '0', '--json']);
  expect(JSON.parse(files.out)).toMatchObject({ path: 'a', rows: 2, deleted: 0, partition: { price: '1.10' } });
});

test('--at takes the version that was there then', async () => {
  const meta = metaData([field('id', 'long')], { 'delta.enableInCommitTimestamps': 'true' });
  const timed = join(home, 'timed');
  writeCommit(timed, 0, [{ commitInfo: { inCommitTimestamp: 1_000 } }, PROTOCOL, meta]);
  writeCommit(timed, 1, [
    { commitInfo: { inCommitTimestamp: 5_000 } },
    metaData([field('other', 'long')], meta.metaData.configuration)
  ]);
  expect((await run(['schema', timed, '--at', '1970-01-01T00:00:04Z'])).out).toContain('id');
  expect((await run(['schema', timed, '--at', '1970-01-01 01:00:05+01:00'])).out).toContain('other');
  expect(await run(['schema', timed, '--at', '1970-01-01'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no version as old as/)
  });
});

test.each([
  [['rows'], /takes schema, rows, history, files and one location/],
  [['look', table], /takes schema, rows, history, files/],
  [['rows', table, '--format', 'csv'], /--format takes table, json, arrow, not 'csv'/],
  [['files', table, '--format', 'arrow'], /is for rows, not for files/],
  [['rows', table, '--limit', '-1'], /--limit/],
  [['rows', table, '--version', '1.5'], /--version takes a whole number, not '1.5'/],
  [['rows', table, '--version', '1', '--at', '2026-01-01'], /--version or --at/],
  [['rows', table, '--at', 'yesterday'], /takes a time such as/],
  [['rows', table, '--columns', 'id,nothing'], /has no column nothing\. Its columns are id, price/]
])('is told how it is used: %j', async (args, message) => {
  const { code, out, err } = await run(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});

test('names a version that is not there, and a folder that is no table', async () => {
  expect(await run(['rows', table, '--version', '7'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no version 7: its newest version is 1/)
  });
  for (const what of ['rows', 'history']) {
    expect(await run([what, home])).toMatchObject({ code: 1, err: expect.stringMatching(/is not a Delta table/) });
  }
  const { out } = await run(['rows', home, '--json']);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'not_found' } });
});

test('Ctrl-C stops it in the middle of its output', async () => {
  const long = join(home, 'long');
  const file = toParquet(Array.from({ length: 30_000 }, (_, i) => ({ id: BigInt(i) })));
  write(join(long, 'a'), file);
  writeCommit(long, 0, [PROTOCOL, metaData([field('id', 'long')]), add('a', { size: file.length })]);
  const env = { ...process.env };
  delete env['TWINSTORE_CONFIG'];
  const child = spawn(process.execPath, [bundle('cli'), 'delta', 'rows', long, '--json'], { cwd: home, env });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child.stdout, 'readable');
  child.kill('SIGINT');
  child.stdout.resume();
  const [code] = (await once(child, 'exit')) as [number];
  expect([code, err]).toEqual([130, 'Stopped.\n']);
}, 60_000);

test('a table of many rows is laid out, and what would steer a terminal shows', () => {
  const texts = Array.from({ length: 200_000 }, () => ['a', '\u001b]0;x\u0007']);
  expect(textTable(texts).split('\n', 1)[0]).toBe('a  \\x1b]0;x\\x07');
});

test.each(['2023-02-31', '2023-02-31T00:00:00Z'])('a day that no calendar has is no time: %s', async day => {
  expect(await run(['rows', table, '--at', day])).toMatchObject({ code: 2, err: expect.stringMatching(/--at takes/) });
});
