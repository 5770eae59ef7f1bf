import { Table, Utf8, vectorFromArray } from 'apache-arrow';
import { join } from 'node:path';
import { Compression, Encoding, WriterPropertiesBuilder, WriterVersion } from 'parquet-wasm/node';

import { ParquetFile } from '../../../src/companion/delta/parquet';
import { pagesOf, parseOffsetIndexes } from '../../../src/companion/delta/parquet/metadata';
import { miniFile } from '../../../src/companion/delta/parquet/mini_file';
import { bytesOfRows, isSound, planColumn, planRows, pruned } from '../../../src/companion/delta/parquet/planner';
import { checkStruct, thrift } from '../../../src/companion/delta/parquet/thrift';
import { readerOf } from '../../../src/arrow';
import { CountingStore } from '../../../src/companion/delta/store';
import { arrowToParquet, toParquet, write } from '../support/delta_files';
import { ALIVE, localEngine } from '../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

const ROWS = 5_000;
const folder = temporaryFolder();
const { store, decoder } = localEngine(folder);
afterAll(removeTemporaryFolders);

/** `key` has few values and so a dictionary, `text` none; some are null. */
const TABLE = new Table({
  key: vectorFromArray(
    Array.from({ length: ROWS }, (_, i) => (i % 11 === 0 ? null : `key ${i % 7}`)),
    new Utf8()
  ),
  text: vectorFromArray(Array.from({ length: ROWS }, (_, i) => `${i} ${'x'.repeat(i % 50)}`)),
  n: vectorFromArray(Array.from({ length: ROWS }, (_, i) => BigInt(i) * 3n))
});

function open(file: Uint8Array, counting = new CountingStore(store)): Promise<ParquetFile> {
  const path = join(folder, 'x.parquet');
  write(path, file);
  return ParquetFile.open(counting, decoder, path, file.length, ALIVE);
}

async function valuesOf(file: ParquetFile, group: number, first: number, take: number, batchRows = 512) {
  const columns = await file.read(file.columns, { group, first, take, batchRows }, ALIVE);
  return columns.map(batches =>
    batches.flatMap(batch => Array.from({ length: batch.length }, (_, i) => i).map(readerOf(batch)))
  );
}

function slices(from: number, to: number) {
  return (['key', 'text', 'n'] as const).map(name =>
    Array.from({ length: to - from }, (_, i) => TABLE.getChild(name)?.get(from + i))
  );
}

const paged = (builder = new WriterPropertiesBuilder()) =>
  builder.setDataPageSizeLimit(400).setWriteBatchSize(100).setMaxRowGroupSize(3_000);

describe('ParquetFile', () => {
  it.each([
    ['snappy', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.SNAPPY)],
    ['zstd', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.ZSTD)],
    ['gzip', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.GZIP)],
    ['no codec', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.UNCOMPRESSED)],
    ['no dictionary', (builder: WriterPropertiesBuilder) => builder.setDictionaryEnabled(false)],
    ['pages of version 2', (builder: WriterPropertiesBuilder) => builder.setWriterVersion(WriterVersion.V2)],
    [
      'delta encodings',
      (builder: WriterPropertiesBuilder) =>
        builder.setDictionaryEnabled(false).setColumnEncoding('text', Encoding.DELTA_BYTE_ARRAY)
    ]
  ])('reads any rows of a row group from the pages that hold them: %s', async (_, set) => {
    const file = await open(arrowToParquet(TABLE, paged(set(new WriterPropertiesBuilder())).build()));
    expect(file.rowGroups.map(({ rows }) => rows)).toEqual([3_000, 2_000]);
    for (const [first, take] of [
      [0, 1],
      [299, 2],
      [300, 300],
      [1_234, 777],
      [2_999, 1],
      [0, 3_000]
    ] as const) {
      expect(await valuesOf(file, 0, first, take)).toEqual(slices(first, first + take));
    }
    expect(await valuesOf(file, 1, 1_500, 500)).toEqual(slices(4_500, 5_000));
  });

  it('fetches no page that holds no wanted row', async () => {
    const rows = 200_000;
    const noise = Array.from({ length: rows }, (_, i) => Math.sin(i) * 1e9);
    const bytes = arrowToParquet(
      new Table({ noise: vectorFromArray(noise) }),
      paged().setMaxRowGroupSize(rows).setDictionaryEnabled(false).build()
    );
    const counting = new CountingStore(store);
    const file = await open(bytes, counting);
    const { bytes: opened } = counting;
    expect(await valuesOf(file, 0, 1_000, 10)).toEqual([noise.slice(1_000, 1_010)]);
    expect(bytes.length).toBeGreaterThan(1_000_000);
    expect(counting.bytes - opened).toBeLessThan(50_000);
  });

  it('fetches the dictionary once for windows that follow each other', async () => {
    const rows = 60_000;
    const words = Array.from({ length: rows }, (_, i) => `${Math.sin(i % 20_000)} ${Math.cos(i % 20_000)}`);
    const bytes = arrowToParquet(
      new Table({ words: vectorFromArray(words, new Utf8()) }),
      new WriterPropertiesBuilder().setDataPageSizeLimit(400).setWriteBatchSize(100).build()
    );
    const counting = new CountingStore(store);
    const file = await open(bytes, counting);
    const { bytes: opened } = counting;
    for (let first = 0; first < rows; first += 10_000) {
      expect((await valuesOf(file, 0, first, 10_000))[0]).toEqual(words.slice(first, first + 10_000));
    }
    expect(bytes.length).toBeGreaterThan(600_000);
    expect(counting.bytes - opened).toBeLessThan(bytes.length);
  });

  it('reads a column without the leaves that are not wanted', async () => {
    const file = await open(toParquet([{ add: { path: 'a', stats: 'long', at: { size: 1n, rest: 2n } } }]));
    const columns = file.columns.flatMap(
      column => pruned(column, path => ['add.path', 'add.at.size'].includes(path)) ?? []
    );
    const [[add] = []] = await file.read(columns, { group: 0, first: 0, take: 1, batchRows: 1 }, ALIVE);
    expect(add && readerOf(add)(0)).toEqual({ path: 'a', at: { size: 1n } });
  });

  it('takes whole chunks where the columns of a struct have pages of different borders', async () => {
    const rows = Array.from({ length: 2_000 }, (_, i) => ({
      s: { short: BigInt(i), long: 'y'.repeat(i % 90), list: i % 3 === 0 ? [] : [`${i}`, 'z'] }
    }));
    const file = await open(toParquet(rows));
    expect((await valuesOf(file, 0, 700, 5))[0]).toEqual(rows.slice(700, 705).map(({ s }) => s));
  });

  it('refuses a page whose bytes were changed, or gives the rows that it still holds', async () => {
    const sound = arrowToParquet(TABLE, paged().build());
    for (let at = 4; at < 2_000; at += 61) {
      const bytes = sound.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      const outcome = await open(bytes)
        .then(file => valuesOf(file, 0, 100, 500))
        .catch((error: unknown) => String(error));
      if (typeof outcome === 'string') {
        expect(outcome).toMatch(/x\.parquet is not a sound Parquet file/);
      } else {
        expect(outcome.map(values => values.length)).toEqual([500, 500, 500]);
      }
    }
  });
});

describe('a footer', () => {
  const chunk = { start: 4, end: 40, path: ['a'], codec: 'SNAPPY', encodings: ['PLAIN'], type: 'INT32', values: 5 };
  const claims = (values: number) => {
    const column = { element: { name: 'a', type: 'INT32' as const }, children: [], leaf: 0 };
    const whole = { ...chunk, uncompressed: 36, dictionaryPages: 0, offsetIndex: null };
    const leaves = [{ chunk: whole, ranges: [], dictionary: 0, values }];
    return miniFile({ column, leaves, rows: 5, skip: 0, take: 5 }, [], false);
  };

  it('is refused when a flat column has not as many values as there are rows', async () => {
    expect((await open(claims(5))).rowGroups).toMatchObject([{ rows: 5 }]);
    for (const values of [4, 6]) {
      await expect(open(claims(values))).rejects.toMatchObject({
        code: 'store_failed',
        details: expect.stringContaining('not as many values')
      });
    }
  });

  it('is refused when it is too long, before it is read', async () => {
    const tail = Buffer.concat([Buffer.alloc(256 * 1024 - 8), Buffer.from('00000002', 'hex'), Buffer.from('PAR1')]);
    const read = jest.fn(async () => Promise.resolve(tail));
    const opening = ParquetFile.open({ ...store, read }, decoder, 'long.parquet', 2 ** 30, ALIVE);
    await expect(opening).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('33554432') });
    expect(read).toHaveBeenCalledTimes(1);
  });
});

describe('an offset index', () => {
  const chunk = {
    start: 4,
    end: 40,
    path: ['a'],
    codec: 'SNAPPY',
    encodings: [],
    type: 'INT32',
    values: 30,
    uncompressed: 36,
    dictionaryPages: 2
  };
  const pages = [
    { start: 10, end: 20, firstRow: 0 },
    { start: 20, end: 40, firstRow: 12 }
  ];

  const range = (page: { start: number; end: number } | undefined) => ({ start: page?.start, end: page?.end });

  it.each([
    ['nothing', []],
    ['a gap', [pages[0], { start: 21, end: 40, firstRow: 12 }]],
    ['less than the chunk', [pages[0]]],
    ['more than the chunk', [pages[0], { start: 20, end: 41, firstRow: 12 }]],
    ['rows that do not grow', [pages[0], { start: 20, end: 40, firstRow: 0 }]],
    ['more rows than there are', [pages[0], { start: 20, end: 40, firstRow: 30 }]],
    ['a first page before the chunk', [{ start: 3, end: 20, firstRow: 0 }, pages[1]]]
  ])('is left aside when it tells of %s', (_, told) => {
    const whole = { ...chunk, offsetIndex: null };
    expect(isSound(pages, whole, 30)).toBe(true);
    expect(isSound(told as typeof pages, whole, 30)).toBe(false);
  });

  it('plans the dictionary and the pages of the wanted rows', () => {
    const column = { element: { name: 'a', type: 'INT32' as const }, children: [], leaf: 0 };
    const group = { rows: 30, chunks: [{ ...chunk, offsetIndex: null }] };
    const plan = planColumn(column, group, new Map([[0, pages]]), 13, 2);
    expect([plan.rows, plan.skip, plan.take]).toEqual([18, 1, 2]);
    expect(plan.leaves[0]?.ranges.map(({ start, end }) => [start, end])).toEqual([
      [4, 10],
      [20, 40]
    ]);
  });

  it('leaves a dictionary out that no wanted page needs', () => {
    const column = { element: { name: 'a', type: 'INT32' as const }, children: [], leaf: 0 };
    const group = { rows: 30, chunks: [{ ...chunk, offsetIndex: null, dictionaryPages: 1 }] };
    const index = new Map([[0, pages]]);
    expect(planColumn(column, group, index, 13, 2).leaves).toMatchObject([
      { ranges: [pages[1]].map(range), dictionary: 0 }
    ]);
    expect(planColumn(column, group, index, 11, 2).leaves).toMatchObject([{ dictionary: 6 }]);
    expect([bytesOfRows(column, group, index, 13, 2), bytesOfRows(column, group, index, 0, 1)]).toEqual([20, 16]);
  });

  it('plans the pages of single rows, and where these are in them', () => {
    const column = { element: { name: 'a', type: 'INT32' as const }, children: [], leaf: 0 };
    const group = { rows: 30, chunks: [{ ...chunk, end: 60, offsetIndex: null }] };
    const three = [...pages, { start: 40, end: 60, firstRow: 20 }];
    const { plan, places } = planRows(column, group, new Map([[0, three]]), Uint32Array.of(3, 11, 20, 29));
    expect(plan.leaves[0]?.ranges).toEqual([{ start: 4, end: 10 }, range(three[0]), range(three[2])]);
    expect([plan.rows, plan.skip, plan.take, ...places]).toEqual([22, 0, 22, 3, 11, 12, 21]);
    const whole = planRows(column, group, new Map(), Uint32Array.of(3, 29));
    expect([whole.plan.rows, ...whole.places]).toEqual([30, 3, 29]);
  });
});

describe('parseOffsetIndexes', () => {
  const { struct, list, i32, i64, text } = thrift;
  const page = (start: number, size: number, firstRow: number) =>
    struct({ 1: i64(start), 2: i32(size), 3: i64(firstRow), 9: text('of a later version') });
  const parse = (bytes: readonly number[]) => parseOffsetIndexes([Uint8Array.from(bytes)]).map(pagesOf);

  it('takes start, end and first row of each page, and leaves other fields out', () => {
    const pages = [page(4, 10, 0), page(2 ** 40, 5, 2 ** 33)];
    expect(parse(struct({ 1: list(pages), 2: list([i64(1), i64(2)]) }).bytes)).toEqual([
      [
        { start: 4, end: 14, firstRow: 0 },
        { start: 2 ** 40, end: 2 ** 40 + 5, firstRow: 2 ** 33 }
      ]
    ]);
    expect(parse(struct({}).bytes)).toEqual([[]]);
  });

  it.each([
    ['fewer bytes than it claims', struct({ 1: list([page(4, 10, 0)]) }).bytes.slice(0, -4), 'claims more'],
    ['a page before the file', struct({ 1: list([page(-4, 10, 0)]) }).bytes, '-4 is no count of bytes or rows'],
    ['a size beyond all files', struct({ 1: list([page(2 ** 60, 10, 0)]) }).bytes, 'no count of bytes or rows'],
    ['a value of no type', [0x2e, 0], 'a value of the type 14']
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(message);
  });

  it('takes no number, and no pages, from a value of another type', () => {
    const { struct, list, text, i64 } = thrift;
    const named = struct({ 1: text('4'), 2: i64(10), 3: i64(0) });
    expect(parse(struct({ 1: list([named]) }).bytes)).toEqual([[{ start: NaN, end: NaN, firstRow: 0 }]]);
    expect(parse(struct({ 1: i64(1) }).bytes)).toEqual([[]]);
  });

  it('gives no sound page for one that lacks a number', () => {
    expect(parse(struct({ 1: list([struct({ 1: i64(4), 3: i64(0) })]) }).bytes)).toEqual([
      [{ start: 4, end: NaN, firstRow: 0 }]
    ]);
  });
});

describe('thrift', () => {
  it('writes numbers, long lists and far fields as the compact protocol has them', () => {
    expect(thrift.i64(2 ** 40).bytes).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x40]);
    expect(thrift.i32(-1).bytes).toEqual([1]);
    expect(thrift.list(Array.from({ length: 15 }, () => thrift.i32(0))).bytes.slice(0, 2)).toEqual([0xf5, 15]);
    expect(thrift.struct({ 1: thrift.bool(true), 20: thrift.i32(1), 2: undefined }).bytes).toEqual([0x11, 5, 40, 2, 0]);
  });

  it('sees a struct that claims more than it holds', () => {
    const { struct, list, text, i32, i64, bool, i8 } = thrift;
    const inner = struct({ 1: text('é'), 40: list([i64(2 ** 40), i64(-1)]), 41: bool(false), 42: i8(-1) });
    const sound = struct({ 1: list(Array.from({ length: 20 }, () => inner)), 2: i32(7), 3: bool(true) }).bytes;
    checkStruct(Uint8Array.from(sound));
    for (let end = 0; end < sound.length; end++) {
      expect(() => checkStruct(Uint8Array.from(sound.slice(0, end)))).toThrow('claims more');
    }
    // Lists of 2^31 - 1 structs, booleans and numbers, and text of such a length.
    for (const head of [[0x19, 0xfc], [0x19, 0xf1], [0x19, 0xf5], [0x18]]) {
      expect(() => checkStruct(Uint8Array.of(...head, 255, 255, 255, 255, 7, 0, 0))).toThrow('claims more');
    }
    // A length of so many groups of bits that it is no number any more.
    const endless = [...Buffer.alloc(150, 0x80), 0];
    expect(() => checkStruct(Uint8Array.of(0x18, ...endless, 0))).toThrow('more than 64 bits');
    expect(() => parseOffsetIndexes([Uint8Array.of(0x19, 0x1c, 0x48, ...endless, 0, 0)])).toThrow('more than 64 bits');
  });
});
