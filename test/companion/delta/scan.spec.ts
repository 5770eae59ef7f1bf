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
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
  vectorFromArray
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { Compression, WriterPropertiesBuilder } from 'parquet-wasm/node';

import { CountingStore, openSnapshot, parsePredicate, rowsOf, Scan } from '../../../src/companion/delta';
import type { IAddFile, Row, Snapshot } from '../../../src/companion/delta';
import { laidOut } from '../../../src/companion/delta/arrow';
import { ColumnReader } from '../../../src/companion/delta/column_reader';
import { DataFile } from '../../../src/companion/delta/data_file';
import { projectionOf } from '../../../src/companion/delta/projection';
import type { IReadOptions } from '../../../src/companion/delta/store';
import { arrowToParquet, field, metaData, PROTOCOL, toParquet, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { READER_3, ScannedTable } from '../support/scanned_table';
import { removeTemporaryFolders } from '../support/temporary_folder';
import { INT32, rawParquet } from './raw_parquet';

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

const counted = (from: number, to: number) =>
  toParquet(Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), name: `n${from + i}` })));
const COLUMNS = [field('id', 'long'), field('name', 'string')];

describe('a scan', () => {
  it('reads only what is asked for, when it is asked for', async () => {
    const files = [0, 1, 2].map(i => table.dataFile(`f${i}`, counted(i * 10, i * 10 + 10)));
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS), ...files]);
    const batches = (await table.scan({ limit: 25 })).batches(ALIVE);
    const opened = table.counting.requests;
    const first = await batches.next();
    expect(first.done === true ? null : first.value.numRows).toBe(10);
    // One file of this size comes whole in one request.
    expect(table.counting.requests).toBe(opened + 1);
    await batches.return();
    expect(table.counting.requests).toBe(opened + 1);
  });

  it('asks for the first rows of a large file in two rounds: its end, then what it needs', async () => {
    const columns = Array.from({ length: 24 }, (_, c) => [`c${c}`, vectorFromArray(noise(20_000, c))] as const);
    const bytes = arrowToParquet(new Table(Object.fromEntries(columns)), pagesOf(8_000));
    const fields = columns.map(([name]) => field(name, 'double'));
    writeCommit(table.location, 0, [PROTOCOL, metaData(fields), table.dataFile('a', bytes)]);
    const snapshot = (await openSnapshot(table.engine, table.location, null, ALIVE)) as Snapshot;
    const rounds = new RoundStore(table.engine.store);
    const batches = new Scan({ store: rounds, decoder: table.engine.decoder }, snapshot, { limit: 100 }).batches(ALIVE);
    const first = await batches.next();
    expect(first.done === true ? 0 : first.value.numRows).toBe(100);
    expect([bytes.length > 2_000_000, rounds.rounds]).toEqual([true, 2]);
    expect(rounds.bytes).toBeLessThan(bytes.length / 3);
  });

  it('reads of what a condition does not ask for only the pages that hold wanted rows', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const columns = names.map((name, i) => [name, vectorFromArray(noise(20_000, i))] as const);
    const numbers = Array.from({ length: 20_000 }, (_, i) => BigInt(i));
    const all = { id: vectorFromArray(numbers), ...Object.fromEntries(columns) };
    const bytes = arrowToParquet(new Table(all), pagesOf(8_000));
    const fields = [...names.map(name => field(name, 'double')), field('id', 'long')].reverse();
    writeCommit(table.location, 0, [PROTOCOL, metaData(fields), table.dataFile('a', bytes)]);
    const where = parsePredicate('id = 3 or id = 15000');
    const wanted = (await table.rows()).filter(({ id }) => id === 3n || id === 15_000n);
    const before = table.counting.bytes;
    expect(await table.rows({ where })).toEqual(wanted);
    expect(table.counting.bytes - before).toBeLessThan(bytes.length / 2);
    expect(await table.rows({ where, columns: ['id'], limit: 1 })).toEqual([{ id: 3n }]);
    expect(await table.rows({ where, columns: ['c7'] })).toEqual(wanted.map(({ c7 }) => ({ c7 })));
  });

  it('decodes a nested column once for all rows that satisfy a condition', async () => {
    const rows = Array.from({ length: 140_000 }, (_, i) => ({ id: BigInt(i), s: { n: BigInt(-i) } }));
    const struct = { type: 'struct', fields: [field('n', 'long')] };
    const file = table.dataFile('f', toParquet(rows));
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long'), field('s', struct)]), file]);
    const ask = jest.spyOn(table.engine.decoder, 'ask');
    const found = await table.rows({ where: parsePredicate('id = 1 or id = 70000 or id = 139999') });
    expect(found).toEqual([1, 70_000, 139_999].map(i => rows[i]));
    // The batches of a condition are three, of the nested column there is one.
    const columns = ask.mock.calls.filter(([{ ask: asked }]) => asked === 'column');
    expect(columns).toHaveLength(2);
  });

  it('decodes a nested column once for all windows, and each other one window by window', async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({ id: BigInt(i), s: { list: [`n${i}`], n: BigInt(-i) } }));
    const list = { type: 'array', elementType: 'string', containsNull: true };
    const struct = { type: 'struct', fields: [field('list', list), field('n', 'long')] };
    const meta = metaData([field('s', struct), field('id', 'long')]);
    writeCommit(table.location, 0, [PROTOCOL, meta, table.dataFile('a', toParquet(rows))]);
    const snapshot = (await openSnapshot(table.engine, table.location, null, ALIVE)) as Snapshot;
    const ask = jest.spyOn(table.engine.decoder, 'ask');
    const { sizes } = ColumnReader.prototype;
    const small = jest.spyOn(ColumnReader.prototype, 'sizes').mockImplementation(function (this: ColumnReader, group) {
      return { ...sizes.call(this, group), windowRows: 200, batchRows: 100 };
    });
    const file = await DataFile.open(table.engine, snapshot, snapshot.files[0] as IAddFile, ALIVE);
    const projection = projectionOf(snapshot, snapshot.schema);
    for (const [from, most, decoded] of [
      [0, Infinity, 1 + 5],
      [30, 777, 1 + 4],
      [950, 1_000, 2]
    ] as const) {
      ask.mockClear();
      const found: Row[] = [];
      for await (const { batch, rowOf } of file.read(projection, { from, most }, ALIVE)) {
        expect(rowOf(0)).toBe(from + found.length);
        found.push(...rowsOf(batch.data));
      }
      expect(found).toEqual(rows.slice(from, from + most));
      const decodes = ask.mock.calls.filter(([{ ask: asked }]) => asked === 'column' || asked === 'values');
      expect(decodes).toHaveLength(decoded);
    }
    small.mockRestore();
  });

  it('opens the next files while it reads one, where it will need them', async () => {
    const files = [0, 1, 2, 3, 4, 5].map(i => table.dataFile(`f${i}`, counted(i * 10, i * 10 + 10)));
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS), ...files]);
    const batches = (await table.scan({ where: parsePredicate('id >= 0') })).batches(ALIVE);
    const before = table.counting.requests;
    await batches.next();
    expect(table.counting.requests).toBe(before + 4);
    await batches.return();
  });

  it('stops with the reason of its signal', async () => {
    writeCommit(table.location, 0, [
      PROTOCOL,
      metaData(COLUMNS),
      table.dataFile('a', counted(0, 5)),
      table.dataFile('b', counted(5, 9))
    ]);
    const controller = new AbortController();
    const batches = (await table.scan()).batches(controller.signal);
    await batches.next();
    const { requests } = table.counting;
    controller.abort(new Error('enough'));
    await expect(batches.next()).rejects.toThrow('enough');
    expect(table.counting.requests).toBe(requests);
  });

  it('gives the columns that are asked for, in that order, and at most the limit of rows', async () => {
    writeCommit(table.location, 0, [
      PROTOCOL,
      metaData(COLUMNS),
      table.dataFile('a', counted(0, 5)),
      table.dataFile('b', counted(5, 9))
    ]);
    const found = await table.rows({ columns: ['name', 'id'], limit: 6 });
    expect([found.length, Object.keys(found[0] ?? {})]).toEqual([6, ['name', 'id']]);
    expect(await table.rows({ columns: [] })).toHaveLength(9);
    await expect(table.rows({ columns: ['Name'] })).rejects.toMatchObject({
      code: 'bad_request',
      remedy: expect.stringContaining('id, name')
    });
  });

  it('names the column and the type that it does not read', async () => {
    writeCommit(table.location, 0, [
      PROTOCOL,
      metaData([field('v', 'variant'), field('u', { type: 'udt', sqlType: 'x' }), ...COLUMNS])
    ]);
    await expect(table.scan()).rejects.toThrow(/column v is of type variant/);
    await expect(table.scan({ columns: ['u'] })).rejects.toThrow(/column u is of type \{"type":"udt"/);
    expect(await table.rows({ columns: ['id'] })).toEqual([]);
  });

  it.each([
    ['no mode', {}, 1n],
    ['the mode none', { 'delta.columnMapping.mode': 'none' }, 1n],
    ['a mode in any case', { 'delta.columnMapping.mode': 'NAME' }, 2n]
  ])('goes by physical names only where columns are mapped: %s', async (_, properties, id) => {
    const mapped = (name: string, type: unknown) =>
      field(name, type, { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': `col-${name}` });
    const struct = { type: 'struct', fields: [mapped('n', 'long')] };
    const meta = metaData([mapped('id', 'long'), mapped('s', struct), mapped('p', 'string')], properties);
    meta.metaData.partitionColumns.push('p');
    const bytes = toParquet([{ id: 1n, s: { n: 1n }, 'col-id': 2n, 'col-s': { 'col-n': 2n } }]);
    const values = { partitionValues: { p: 'p1', 'col-p': 'p2' } };
    const told = { stats: JSON.stringify({ minValues: { id: 1, 'col-id': 2 }, maxValues: { id: 1, 'col-id': 2 } }) };
    writeCommit(table.location, 0, [READER_3, meta, table.dataFile('a', bytes, { ...values, ...told })]);
    expect(await table.rows()).toEqual([{ id, s: { n: id }, p: `p${id}` }]);
    const files = async (where: string) => (await table.scan({ where: parsePredicate(where) })).files.length;
    expect([await files(`id = ${id}`), await files(`id = ${3n - id}`)]).toEqual([1, 0]);
  });

  it('takes a column of another case where only one has its name, as Spark does', async () => {
    const struct = { type: 'struct', fields: [field('inner', 'long')] };
    const fields = [field('id', 'long'), field('s', struct), field('exact', 'long'), field('twice', 'long')];
    const bytes = toParquet([{ ID: 1n, S: { Inner: 2n }, EXACT: 3n, exact: 4n, Twice: 5n, TWICE: 6n }]);
    writeCommit(table.location, 0, [PROTOCOL, metaData(fields), table.dataFile('a', bytes)]);
    expect(await table.rows()).toEqual([{ id: 1n, s: { inner: 2n }, exact: 4n, twice: null }]);
  });

  it('lets others have their turn, and stops, where nothing of a file is read', async () => {
    const meta = metaData([field('p', 'string')]);
    meta.metaData.partitionColumns.push('p');
    const bytes = rawParquet([{ name: 'x', id: 2, type: INT32, values: Buffer.alloc(0) }], 300 * 65_536);
    writeCommit(table.location, 0, [PROTOCOL, meta, table.dataFile('a', bytes, { partitionValues: { p: 'x' } })]);
    const controller = new AbortController();
    const batches = (await table.scan()).batches(controller.signal);
    expect((await batches.next()).value).toMatchObject({ numRows: 65_536 });
    setTimeout(() => controller.abort(new Error('enough')), 1);
    const rest = async () => {
      while ((await batches.next()).done !== true) {
        // Nothing but the signal ends it.
      }
    };
    await expect(rest()).rejects.toThrow('enough');
  });

  it('refuses a file of other rows than the log says', async () => {
    const bytes = toParquet([{ id: 1n }, { id: 2n }]);
    const told = (numRecords: number) => ({ stats: JSON.stringify({ numRecords }) });
    writeCommit(table.location, 0, [
      PROTOCOL,
      metaData([field('id', 'long')]),
      table.dataFile('sound', bytes, told(2)),
      table.dataFile('short', bytes, told(3))
    ]);
    await expect(table.rows()).rejects.toMatchObject({
      message: expect.stringContaining('short is not a sound Parquet file'),
      details: 'it has 2 rows where the log says 3'
    });
  });

  it('refuses a file whose columns are to be found by ids that it has not', async () => {
    const mapped = field('id', 'long', { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'id' });
    writeCommit(table.location, 0, [
      READER_3,
      metaData([mapped], { 'delta.columnMapping.mode': 'id' }),
      table.dataFile('a', counted(0, 2))
    ]);
    await expect(table.rows()).rejects.toThrow(/a has no field ids/);
  });

  it('refuses a way of mapping that it does not know', async () => {
    writeCommit(table.location, 0, [
      READER_3,
      metaData(COLUMNS, { 'delta.columnMapping.mode': 'hash' }),
      table.dataFile('a', counted(0, 2))
    ]);
    await expect(table.rows()).rejects.toThrow(/maps its columns by "hash"/);
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
function parquetOf(type: DataType, values: ArrayBufferView, length: number, pairs = new Map<string, string>()) {
  const column = laidOut(type, length, { nullCount: 0, values });
  const properties = new WriterPropertiesBuilder().setKeyValueMetadata(pairs).build();
  return arrowToParquet(tableOf([new Field('c', type, true)], length, [column]), properties);
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
    writeCommit(table.location, 0, [
      READER_3,
      metaData([field('c', type)]),
      table.dataFile('a', parquetOf(stored, values, 1))
    ]);
    expect((await table.rows()).map(({ c }) => String(c))).toEqual([text]);
  });

  it('refuses a value that is longer than the longest text of JavaScript, also inside of another', async () => {
    const length = 256_000_001;
    const text = laidOut(new Utf8(), 1, {
      nullCount: 0,
      valueOffsets: Int32Array.of(0, length),
      values: new Uint8Array(length)
    });
    const item = new Field('item', text.type);
    const list = laidOut(new List(item), 1, { nullCount: 0, valueOffsets: Int32Array.of(0, 1), children: [text] });
    const properties = new WriterPropertiesBuilder().setCompression(Compression.SNAPPY).build();
    const bytes = arrowToParquet(tableOf([new Field('l', list.type)], 1, [list]), properties);
    const type = { type: 'array', elementType: 'string', containsNull: true };
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('l', type)]), table.dataFile('a', bytes)]);
    await expect(table.rows()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/^The column l of .* it has a value of more than 256000000 bytes\.$/)
    });
  }, 30_000);

  it.each<[string, string, DataType, ArrayBufferView]>([
    ['long to integer', 'integer', new Int64(), BigInt64Array.of(1n)],
    ['integer to text', 'string', new Int32(), Int32Array.of(1)],
    ['decimal of more digits', 'decimal(9,2)', new Decimal(2, 10, 128), words(1n)],
    ['decimal of a greater scale', 'decimal(38,1)', new Decimal(2, 10, 128), words(1n)],
    ['integer to list', 'array', new Int32(), Int32Array.of(1)]
  ])('refuses %s, and names file and column', async (_, type, stored, values) => {
    const wanted = type === 'array' ? { type, elementType: 'integer', containsNull: true } : type;
    writeCommit(table.location, 0, [
      READER_3,
      metaData([field('c', wanted)]),
      table.dataFile('a', parquetOf(stored, values, 1))
    ]);
    await expect(table.rows()).rejects.toThrow(
      /column c of .*\/a cannot be read: it has the Arrow type .* where the schema says/
    );
  });

  it.each<[string, string, DataType, ArrayBufferView, ArrayBufferView]>([
    ['a date', 'date', new DateDay(), Int32Array.of(-141_428), Int32Array.of(-141_427)],
    [
      'a timestamp in ms',
      'timestamp',
      new TimestampMillisecond('UTC'),
      BigInt64Array.of(-2_208_988_800_001n),
      BigInt64Array.of(-2_208_988_800_000n)
    ],
    [
      'a timestamp in µs',
      'timestamp',
      new TimestampMicrosecond('UTC'),
      BigInt64Array.of(-2_208_988_800_000_001n),
      BigInt64Array.of(-2_208_988_800_000_000n)
    ]
  ])('refuses %s that old Spark wrote in its calendar, and reads all others', async (_, type, stored, old, recent) => {
    const read = (values: ArrayBufferView, pairs: Record<string, string>) => {
      const bytes = parquetOf(stored, values, 1, new Map(Object.entries(pairs)));
      writeCommit(table.location, 0, [PROTOCOL, metaData([field('c', type)]), table.dataFile('a', bytes)]);
      return table.rows().then(({ length }) => length);
    };
    const spark3 = { 'org.apache.spark.version': '3.5.6' };
    for (const pairs of [
      { 'org.apache.spark.version': '2.4.8' },
      { ...spark3, 'org.apache.spark.legacyDateTime': '' }
    ]) {
      await expect(read(old, pairs)).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(/column c of .*\/a cannot be read: .*calendar of before version 3/),
        remedy: expect.stringContaining('with Spark')
      });
      expect(await read(recent, pairs)).toBe(1);
    }
    expect([await read(old, spark3), await read(old, {})]).toEqual([1, 1]);
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
    writeCommit(table.location, 0, [READER_3, metaData(fields), table.dataFile('a', bytes)]);
    expect(await table.rows()).toEqual([
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
