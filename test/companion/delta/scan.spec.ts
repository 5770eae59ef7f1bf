import {
  DateDay,
  Decimal,
  Field,
  Float32,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
  vectorFromArray
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { join } from 'node:path';
import { WriterPropertiesBuilder } from 'parquet-wasm/node';

import { CountingStore, openSnapshot, parsePredicate, rowsOf, Scan } from '../../../src/companion/delta';
import type { IEngine, IScanOptions, Row, Snapshot, Value } from '../../../src/companion/delta';
import { laidOut } from '../../../src/companion/delta/arrow';
import type { IReadOptions } from '../../../src/companion/delta/store';
import { add, arrowToParquet, field, metaData, PROTOCOL, toParquet, write, writeCommit } from '../support/delta_files';
import type { ActionJson } from '../support/delta_files';
import { ALIVE, localEngine } from '../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);
let table: string;
let engine: IEngine;
let counting: CountingStore;
beforeEach(() => {
  table = temporaryFolder();
  const { store, decoder } = localEngine(table);
  counting = new CountingStore(store);
  engine = { store: counting, decoder };
});

const FEATURES = ['columnMapping', 'deletionVectors', 'timestampNtz', 'typeWidening'];
const READER_3 = {
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: FEATURES, writerFeatures: FEATURES }
};

/** A file of the table, and its `add`. */
function dataFile(path: string, bytes: Uint8Array, extra: object = {}): ActionJson {
  write(join(table, path), bytes);
  return add(path, { size: bytes.length, ...extra });
}

async function scan(options: IScanOptions = {}): Promise<Scan> {
  const snapshot = await openSnapshot(engine, table, null, ALIVE);
  if (snapshot === null) {
    throw new Error('no table');
  }
  return new Scan(engine, snapshot, options);
}

async function rows(options: IScanOptions = {}): Promise<Row[]> {
  const found: Row[] = [];
  for await (const { data } of (await scan(options)).batches(ALIVE)) {
    found.push(...rowsOf(data));
  }
  return found;
}

const counted = (from: number, to: number) =>
  toParquet(Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), name: `n${from + i}` })));
const COLUMNS = [field('id', 'long'), field('name', 'string')];
const ids = (found: readonly Row[]) => found.map(({ id }) => Number(id));

describe('a scan', () => {
  it('reads only what is asked for, when it is asked for', async () => {
    const files = [0, 1, 2].map(i => dataFile(`f${i}`, counted(i * 10, i * 10 + 10)));
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), ...files]);
    const batches = (await scan()).batches(ALIVE);
    const opened = counting.requests;
    const first = await batches.next();
    expect(first.done === true ? null : first.value.numRows).toBe(10);
    // One file of this size comes whole in one request.
    expect(counting.requests).toBe(opened + 1);
    await batches.return();
    expect(counting.requests).toBe(opened + 1);
  });

  it('asks for the first rows of a large file in two rounds: its end, then what it needs', async () => {
    const columns = Array.from({ length: 24 }, (_, c) => [`c${c}`, vectorFromArray(noise(20_000, c))] as const);
    const bytes = arrowToParquet(new Table(Object.fromEntries(columns)), pagesOf(8_000));
    const fields = columns.map(([name]) => field(name, 'double'));
    writeCommit(table, 0, [PROTOCOL, metaData(fields), dataFile('a', bytes)]);
    const snapshot = (await openSnapshot(engine, table, null, ALIVE)) as Snapshot;
    const rounds = new RoundStore(engine.store);
    const batches = new Scan({ store: rounds, decoder: engine.decoder }, snapshot, { limit: 100 }).batches(ALIVE);
    const first = await batches.next();
    expect(first.done === true ? 0 : first.value.numRows).toBe(100);
    expect([bytes.length > 2_000_000, rounds.rounds]).toEqual([true, 2]);
    expect(rounds.bytes).toBeLessThan(bytes.length / 3);
  });

  it('stops with the reason of its signal', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), dataFile('a', counted(0, 5)), dataFile('b', counted(5, 9))]);
    const controller = new AbortController();
    const batches = (await scan()).batches(controller.signal);
    await batches.next();
    const { requests } = counting;
    controller.abort(new Error('enough'));
    await expect(batches.next()).rejects.toThrow('enough');
    expect(counting.requests).toBe(requests + 1);
  });

  it('gives the columns that are asked for, in that order, and at most the limit of rows', async () => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), dataFile('a', counted(0, 5)), dataFile('b', counted(5, 9))]);
    const found = await rows({ columns: ['name', 'id'], limit: 6 });
    expect([found.length, Object.keys(found[0] ?? {})]).toEqual([6, ['name', 'id']]);
    expect(await rows({ columns: [] })).toHaveLength(9);
    await expect(rows({ columns: ['Name'] })).rejects.toMatchObject({
      code: 'bad_request',
      remedy: expect.stringContaining('id, name')
    });
  });

  it('names the column and the type that it does not read', async () => {
    writeCommit(table, 0, [
      PROTOCOL,
      metaData([field('v', 'variant'), field('u', { type: 'udt', sqlType: 'x' }), ...COLUMNS])
    ]);
    await expect(scan()).rejects.toThrow(/column v is of type variant/);
    await expect(scan({ columns: ['u'] })).rejects.toThrow(/column u is of type \{"type":"udt"/);
    expect(await rows({ columns: ['id'] })).toEqual([]);
  });

  it('refuses a file whose columns are to be found by ids that it has not', async () => {
    const mapped = field('id', 'long', { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'id' });
    writeCommit(table, 0, [
      READER_3,
      metaData([mapped], { 'delta.columnMapping.mode': 'id' }),
      dataFile('a', counted(0, 2))
    ]);
    await expect(rows()).rejects.toThrow(/a has no field ids/);
  });

  it('refuses a way of mapping that it does not know', async () => {
    writeCommit(table, 0, [
      READER_3,
      metaData(COLUMNS, { 'delta.columnMapping.mode': 'hash' }),
      dataFile('a', counted(0, 2))
    ]);
    await expect(rows()).rejects.toThrow(/maps its columns by "hash"/);
  });
});

function noise(length: number, seed: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(i + seed * length) * 1e9);
}

/** Pages of so many bytes, without dictionaries. */
function pagesOf(bytes: number) {
  return new WriterPropertiesBuilder()
    .setDataPageSizeLimit(bytes)
    .setWriteBatchSize(100)
    .setDictionaryEnabled(false)
    .build();
}

/** Counts the rounds of requests: those that are sent before any of them is answered. */
class RoundStore extends CountingStore {
  rounds = 0;

  override async read(location: string, options: IReadOptions): Promise<Uint8Array> {
    this.open ??= new Promise(resolve =>
      setTimeout(() => {
        this.rounds += 1;
        this.open = null;
        resolve();
      }, 20)
    );
    await this.open;
    return super.read(location, options);
  }

  private open: Promise<void> | null = null;
}

/** One column as a Parquet file. */
function parquetOf(type: DataType, values: ArrayBufferView, length: number): Uint8Array {
  const column = laidOut(type, length, { nullCount: 0, values });
  return arrowToParquet(tableOf([new Field('c', type, true)], length, [column]));
}

function tableOf(fields: Field[], length: number, children: ReturnType<typeof laidOut>[]): Table {
  const data = laidOut(new Struct(fields), length, { nullCount: 0, children });
  return new Table([new RecordBatch(new Schema(fields), data)]);
}

const words = (...values: bigint[]) => new Uint32Array(BigInt64Array.from(values.flatMap(v => [v, v >> 64n])).buffer);

describe('values', () => {
  it.each<[string, string, DataType, ArrayBufferView, string]>([
    ['short to integer', 'integer', new Int16(), Int16Array.of(-32768), '-32768'],
    ['integer to long', 'long', new Int32(), Int32Array.of(-2147483648), '-2147483648'],
    ['integer to double', 'double', new Int32(), Int32Array.of(7), '7'],
    ['integer to decimal', 'decimal(12,2)', new Int32(), Int32Array.of(-7), '-7.00'],
    ['long to decimal', 'decimal(22,2)', new Int64(), BigInt64Array.of(-(2n ** 63n)), '-9223372036854775808.00'],
    ['float to double', 'double', new Float32(), Float32Array.of(0.1), String(Math.fround(0.1))],
    ['decimal to a wider one', 'decimal(38,4)', new Decimal(2, 10, 128), words(-110n), '-1.1000'],
    ['date to timestamp without zone', 'timestamp_ntz', new DateDay(), Int32Array.of(-1), '-86400000000'],
    ['ms', 'timestamp', new TimestampMillisecond('UTC'), BigInt64Array.of(-1n), '-1000'],
    ['ns, cut down', 'timestamp', new TimestampNanosecond('UTC'), BigInt64Array.of(-1n), '-1']
  ])('widens %s', async (_, type, stored, values, text) => {
    writeCommit(table, 0, [READER_3, metaData([field('c', type)]), dataFile('a', parquetOf(stored, values, 1))]);
    expect((await rows()).map(({ c }) => String(c))).toEqual([text]);
  });

  it.each<[string, string, DataType, ArrayBufferView]>([
    ['long to integer', 'integer', new Int64(), BigInt64Array.of(1n)],
    ['integer to text', 'string', new Int32(), Int32Array.of(1)],
    ['decimal of more digits', 'decimal(9,2)', new Decimal(2, 10, 128), words(1n)],
    ['decimal of a greater scale', 'decimal(38,1)', new Decimal(2, 10, 128), words(1n)],
    ['integer to list', 'array', new Int32(), Int32Array.of(1)]
  ])('refuses %s, and names file and column', async (_, type, stored, values) => {
    const wanted = type === 'array' ? { type, elementType: 'integer', containsNull: true } : type;
    writeCommit(table, 0, [READER_3, metaData([field('c', wanted)]), dataFile('a', parquetOf(stored, values, 1))]);
    await expect(rows()).rejects.toThrow(
      /column c of .*\/a cannot be read: it has the Arrow type .* where the schema says/
    );
  });

  it('widens and fills with null inside of lists, maps and structs', async () => {
    const ints = laidOut(new Int32(), 2, { nullCount: 0, values: Int32Array.of(1, 2) });
    const item = new Field('element', new Struct([new Field('x', new Int32(), true)]), true);
    const list = laidOut(new List(item), 1, {
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 2),
      children: [laidOut(item.type, 2, { nullCount: 0, children: [ints] })]
    });
    const keys = laidOut(new Utf8(), 2, {
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 1, 2),
      values: Buffer.from('ab')
    });
    const entry = new Struct<{ key: DataType; value: DataType }>([
      new Field('key', new Utf8()),
      new Field('value', new Int32(), true)
    ]);
    const map = laidOut(new Map_(new Field('entries', entry)), 1, {
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 2),
      children: [laidOut(entry, 2, { nullCount: 0, children: [keys, ints] })]
    });
    const bytes = arrowToParquet(tableOf([new Field('l', list.type), new Field('m', map.type)], 1, [list, map]));
    const struct = {
      type: 'struct',
      fields: [field('y', { type: 'array', elementType: 'date', containsNull: true }), field('x', 'long')]
    };
    const fields = [
      field('l', { type: 'array', elementType: struct, containsNull: true }),
      field('m', { type: 'map', keyType: 'string', valueType: 'double', valueContainsNull: true })
    ];
    writeCommit(table, 0, [READER_3, metaData(fields), dataFile('a', bytes)]);
    expect(await rows()).toEqual([
      {
        l: [
          { y: null, x: 1n },
          { y: null, x: 2n }
        ],
        m: new Map([
          ['a', 1],
          ['b', 2]
        ])
      }
    ]);
  });
});

describe('a condition', () => {
  const parse = parsePredicate;
  const stats = (minValues: object, maxValues: object, nullCount: object, numRecords = 3) =>
    JSON.stringify({ numRecords, minValues, maxValues, nullCount });

  it('leaves out files that partition values or statistics rule out, and rows that do not satisfy it', async () => {
    const fields = [...COLUMNS, field('p', 'date')];
    const meta = metaData(fields);
    meta.metaData.partitionColumns.push('p');
    const file = (from: number, p: string) =>
      dataFile(`f${from}`, counted(from, from + 3), {
        partitionValues: { p },
        stats: stats({ id: from, name: `n${from}` }, { id: from + 2, name: `n${from + 2}` }, { id: 0, name: 0 })
      });
    writeCommit(table, 0, [PROTOCOL, meta, file(0, '2026-01-01'), file(10, '2026-01-02'), file(20, '')]);
    const look = async (where: string) => {
      const found = await scan({ where: parse(where), columns: ['name', 'id'] });
      return [found.files.length, ids(await rows({ where: parse(where), columns: ['id'] })).sort((a, b) => a - b)];
    };
    expect(await look("p = '2026-01-02'")).toEqual([1, [10, 11, 12]]);
    expect(await look("p <> '2026-01-02'")).toEqual([1, [0, 1, 2]]);
    expect(await look('p is null')).toEqual([1, [20, 21, 22]]);
    expect(await look('id > 1 and id <= 10')).toEqual([2, [2, 10]]);
    expect(await look("name = 'n11' or not (id >= 1)")).toEqual([2, [0, 11]]);
    expect(await look('name is null')).toEqual([0, []]);
    expect(await look('id = 21 and p is not null')).toEqual([0, []]);
    expect(ids(await rows({ where: parse('id >= 0'), columns: ['id'], limit: 4 }))).toHaveLength(4);
  });

  it.each<[string, string, object, object, string]>([
    ['text that may have been cut', 'string', { c: 'a' }, { c: 'b'.repeat(32) }, `c > '${'b'.repeat(40)}'`],
    ['missing statistics', 'long', {}, {}, 'c > 5'],
    ['a long beyond 2^53', 'long', { c: 0 }, { c: 2 ** 60 }, 'c = 1152921504606846980'],
    ['NaN, which not all writers count', 'double', { c: 0 }, { c: 1 }, 'c > 1'],
    [
      'timestamps cut to ms',
      'timestamp',
      { c: '2026-01-01T00:00:00.000Z' },
      { c: '2026-01-01T00:00:00.001Z' },
      "c = '2026-01-01T00:00:00.001999Z'"
    ],
    ['the last digits of a decimal', 'decimal(38,18)', { c: 0 }, { c: 0.1 }, 'c = 0.100000000000000001'],
    ['statistics of another type', 'long', { c: 'x' }, { c: [] }, 'c = 7'],
    ['float, whose text is shorter than its double', 'float', { c: 0.1 }, { c: 0.1 }, 'c = 0.1']
  ])('keeps a file for %s', async (_, type, least, greatest, where) => {
    const told = stats(least, greatest, { c: 0 });
    writeCommit(table, 0, [READER_3, metaData([field('c', type)]), add('a', { stats: told })]);
    expect((await scan({ where: parse(where) })).files).toHaveLength(1);
  });

  it.each(['no json', '[]', 'null', '7'])('keeps a file whose statistics are %s', async told => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), add('a', { stats: told })]);
    expect((await scan({ where: parse('id = 7') })).files).toHaveLength(1);
  });

  it('gives with skipping what it gives without, whatever values and statistics', async () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 0x7fffffff) % below;
    const value = () => (random(3) === 0 ? null : BigInt(random(6)));
    const data = Array.from({ length: 12 }, () =>
      Array.from({ length: 1 + random(4) }, () => ({ id: value(), name: `${random(3)}` }))
    );
    const adds = (withStats: boolean) =>
      data.map((file, i) => {
        const known = file.flatMap(({ id }) => (id === null ? [] : [Number(id)]));
        const bounds = (pick: (...n: number[]) => number) => (known.length === 0 ? {} : { id: pick(...known) });
        const told = stats(bounds(Math.min), bounds(Math.max), { id: file.length - known.length }, file.length);
        // A column without values has no type to be written with.
        const present = known.length === 0 ? file.map(({ name }) => ({ name })) : file;
        return dataFile(`f${i}`, toParquet(present), withStats ? { stats: told } : {});
      });
    const conditions = Array.from({ length: 60 }, () => {
      const one = (): string => {
        const op = ['=', '<>', '<', '<=', '>', '>='][random(6)];
        return random(5) === 0 ? `id is ${random(2) === 0 ? 'not ' : ''}null` : `id ${op} ${random(7) - 1}`;
      };
      const negated = () => (random(3) === 0 ? `not (${one()})` : one());
      return `${negated()} ${random(2) === 0 ? 'and' : 'or'} ${negated()}`;
    });
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), ...adds(false)]);
    const all = await Promise.all(conditions.map(where => rows({ where: parse(where) })));
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS), ...adds(true)]);
    let skipped = 0;
    for (const [i, where] of conditions.entries()) {
      expect([where, await rows({ where: parse(where) })]).toEqual([where, all[i]]);
      skipped += data.length - (await scan({ where: parse(where) })).files.length;
    }
    expect(skipped).toBeGreaterThan(50);
  });

  it.each([
    ['id >', /makes no sense at "its end"/],
    ['id = 1 or', /at "its end"/],
    ['id ~ 1', /at "~ 1"/],
    ["id = 'x", /at "'x"/],
    ['(id = 1', /at "its end"/],
    ['id = 1 2', /at "2"/],
    ['1 = id', /at "1"/],
    ['nothing = 1', /has no column nothing/],
    ['id = 1.5', /column id is of type bigint, with which "1.5"/],
    ['`a``b` = 1', /has no column a`b/]
  ])('is refused where it makes no sense: %s', async (where, message) => {
    writeCommit(table, 0, [PROTOCOL, metaData(COLUMNS)]);
    const parsed = async () => scan({ where: parse(where) });
    await expect(parsed()).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) });
  });

  it('compares as Spark does', async () => {
    const values = (...doubles: (number | null)[]): Value[] => doubles;
    const bytes = toParquet(values(NaN, -0, 1, null, Infinity).map(d => ({ d })));
    writeCommit(table, 0, [PROTOCOL, metaData([field('d', 'double')]), dataFile('a', bytes)]);
    const look = async (where: string) => (await rows({ where: parse(where) })).map(({ d }) => d);
    expect(await look('d > 1')).toEqual([NaN, Infinity]);
    expect(await look("d = 'NaN'")).toEqual([NaN]);
    expect(await look('d = 0')).toEqual([-0]);
    expect(await look('not (d <> 0)')).toEqual([-0]);
  });
});
