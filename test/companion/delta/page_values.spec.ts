import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  makeData,
  Table,
  TimestampMicrosecond,
  Utf8,
  Vector,
  vectorFromArray
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Compression, WriterPropertiesBuilder, WriterVersion } from 'parquet-wasm/node';

import { readerOf, valueText } from '../../../src/arrow';
import { LocalStore } from '../../../src/companion/delta';
import { ParquetFile } from '../../../src/companion/delta/parquet';
import { Decoder } from '../../../src/companion/delta/parquet/decode';
import { pageValues } from '../../../src/companion/delta/parquet/page_values';
import type { IWantedValues } from '../../../src/companion/delta/parquet/page_values';
import type { DecodeRequest } from '../../../src/companion/delta/parquet/protocol';
import { Runs } from '../../../src/companion/delta/parquet/runs';
import { uncompress } from '../../../src/companion/delta/parquet/snappy';
import { thrift } from '../../../src/companion/delta/parquet/thrift';
import { arrowToParquet, write } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);

const ROWS = 3_000;

function column(type: DataType, value: (i: number) => unknown): Vector {
  return vectorFromArray(
    Array.from({ length: ROWS }, (_, i) => (i % 7 === 3 || (i > 400 && i < 900) ? null : value(i))),
    type
  );
}

/** Decimals of 128 bits, negative ones among them. */
function decimals(): Vector {
  const values = new BigInt64Array(2 * ROWS).map((_, i) => BigInt(i % 4 < 2 ? -1 : 1) * BigInt(i) ** 3n);
  // The high half of each continues the sign of the low one.
  values.forEach((low, i) => i % 2 === 0 && (values[i + 1] = low < 0n ? -1n : 0n));
  const data = makeData({ type: new Decimal(3, 38, 128), length: ROWS, data: new Uint32Array(values.buffer) });
  return new Vector([data]);
}

const TABLE = new Table({
  bool: column(new Bool(), i => i % 3 === 0),
  int8: column(new Int8(), i => (i % 256) - 128),
  int16: column(new Int16(), i => i * 10 - 15_000),
  int32: column(new Int32(), i => i * 700_000 - 2 ** 30),
  int64: column(new Int64(), i => BigInt(i) * 2n ** 50n - 2n ** 60n),
  float: column(new Float32(), i => (i % 50 === 0 ? NaN : i / 8)),
  double: column(new Float64(), i => (i % 50 === 0 ? -0 : i / 3)),
  day: column(new DateDay(), i => new Date((i - 1_000) * 86_400_000)),
  at: column(new TimestampMicrosecond('UTC'), i => i * 1_000_003 - 5e8),
  local: column(new TimestampMicrosecond(), i => i * 1_000_003 - 5e8),
  decimal: decimals(),
  text: column(new Utf8(), i => (i % 5 === 0 ? '' : `é${i}${'x'.repeat(i % 40)}`)),
  word: column(new Utf8(), i => `word ${i % 13}`),
  bytes: column(new Binary(), i => Uint8Array.of(i & 255, 0xff, 0)),
  nothing: column(new Utf8(), () => null),
  whole: vectorFromArray(
    Array.from({ length: ROWS }, (_, i) => i % 4),
    new Int32()
  )
});

/** The texts of some rows of all columns, and how the decoder was asked for them. */
async function read(bytes: Uint8Array, first: number, take: number, isWhole: boolean) {
  const folder = temporaryFolder();
  const path = join(folder, 'x.parquet');
  write(path, bytes);
  const decoder = new Decoder();
  const asked: string[] = [];
  const ask = async (request: DecodeRequest) => {
    asked.push(request.ask);
    // No value is to be had by itself, so that whole pages are decoded.
    return isWhole && request.ask === 'values' ? null : decoder.answer(request);
  };
  const file = await ParquetFile.open(new LocalStore([folder]), { ask } as never, path, bytes.length, ALIVE);
  const columns = await file.read(file.columns, { group: 0, first, take, batchRows: take }, ALIVE);
  const texts = columns.map(([data]) => {
    const value = readerOf(data as never);
    return [
      String(data?.type),
      ...Array.from({ length: data?.length ?? 0 }, (_, i) => valueText(value(i), data?.type as never))
    ];
  });
  return { texts, asked, memory: decoder.memory };
}

describe('values that are taken of pages', () => {
  it.each([
    ['snappy', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.SNAPPY)],
    ['no codec', (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.UNCOMPRESSED)],
    ['no dictionary', (builder: WriterPropertiesBuilder) => builder.setDictionaryEnabled(false)],
    [
      'dictionaries that grew too large',
      (builder: WriterPropertiesBuilder) => builder.setCompression(Compression.SNAPPY).setDictionaryPageSizeLimit(300)
    ],
    [
      'pages of version 2',
      (builder: WriterPropertiesBuilder) =>
        builder.setWriterVersion(WriterVersion.V2).setCompression(Compression.SNAPPY)
    ]
  ])('are those of whole pages, of every type: %s', async (_, set) => {
    const builder = set(new WriterPropertiesBuilder().setDataPageSizeLimit(600).setWriteBatchSize(100));
    const bytes = arrowToParquet(TABLE, builder.build());
    for (const [first, take] of [
      [0, ROWS],
      [395, 20],
      [1_234, 777],
      [ROWS - 1, 1]
    ] as const) {
      const single = await read(bytes, first, take, false);
      expect(single.texts).toEqual((await read(bytes, first, take, true)).texts);
      expect(single.asked).toContain('values');
    }
  });

  it('need no WebAssembly where pages are of the usual kinds', async () => {
    const builder = new WriterPropertiesBuilder().setCompression(Compression.SNAPPY);
    const { asked, memory } = await read(arrowToParquet(TABLE, builder.build()), 0, 100, false);
    expect([asked.includes('column'), memory]).toEqual([false, 0]);
  });

  it('are given up with the first column that fails', async () => {
    const bytes = arrowToParquet(TABLE, new WriterPropertiesBuilder().build());
    const folder = temporaryFolder();
    const path = join(folder, 'x.parquet');
    write(path, bytes);
    const decoder = new Decoder();
    let refused = 0;
    const ask = async (request: DecodeRequest, _: string, signal: AbortSignal) => {
      signal.throwIfAborted();
      if (request.ask !== 'values') {
        return decoder.answer(request);
      }
      refused += 1;
      await nextTurn();
      throw new Error('damaged');
    };
    const file = await ParquetFile.open(new LocalStore([folder]), { ask } as never, path, bytes.length, ALIVE);
    const window = { group: 0, first: 5, take: 10, batchRows: 10 };
    const some = Uint32Array.of(1, 7);
    for (const read of [
      () => file.read(file.columns, window, ALIVE),
      () => file.readRows(file.columns, 0, some, ALIVE)
    ]) {
      refused = 0;
      await expect(read()).rejects.toThrow('damaged');
      await nextTurn();
      await nextTurn();
      // Three at once, and as many that had begun when the first ones failed.
      expect(refused).toBeLessThanOrEqual(6);
    }
    expect(file.columns.length).toBeGreaterThan(12);
  });

  const page = (encoding: number, values: readonly number[], count = 1, size = values.length) => {
    const [n, levels] = [thrift.i32(count), thrift.i32(3)];
    const data = thrift.struct({ 1: n, 2: thrift.i32(encoding), 3: levels, 4: levels });
    const bytes = thrift.i32(size);
    return Uint8Array.from([
      ...thrift.struct({ 1: thrift.i32(0), 2: bytes, 3: bytes, 5: data }).bytes,
      ...values
    ]) as Uint8Array<ArrayBuffer>;
  };
  const ask = (pages: readonly Uint8Array<ArrayBuffer>[], about: Partial<IWantedValues> = {}) =>
    pageValues({
      ...{ width: 4, isText: false, isNullable: false, codec: 'UNCOMPRESSED', rows: 1, places: Uint32Array.of(0) },
      ...about,
      pages
    });

  it('are left to whole pages where an encoding is not known', () => {
    expect(ask([page(0, [1, 2, 3, 4])])?.values).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(ask([page(5, [1, 2, 3, 4])])).toBeNull();
  });

  it.each([
    ['a value that ends too early', page(0, [1, 2, 3]), {}, 'ends before its values'],
    ['a page that is longer than there is', page(0, [1, 2, 3, 4], 1, 9), {}, 'longer than its chunk'],
    ['fewer rows than are told', page(0, [1, 2, 3, 4]), { rows: 2 }, '1 rows in the pages of 2'],
    ['a dictionary that is not there', page(8, [1, 2, 0]), {}, 'a dictionary that is not there'],
    ['a text longer than its page', page(0, [9, 0, 0, 0, 65]), { width: null }, 'ends before its values'],
    ['an absurd length', page(0, [255, 255, 255, 255]), { width: null }, 'ends before its values'],
    ['levels longer than their page', page(0, [9, 0, 0, 0]), { isNullable: true }, 'ends before its levels'],
    ['text that is not UTF-8', page(0, [1, 0, 0, 0, 0xff]), { width: null, isText: true }, 'not UTF-8'],
    ['bytes that are not Snappy', page(0, [4, 0xff, 0, 0]), { codec: 'SNAPPY' as const }, 'sound Snappy'],
    ['no header', new Uint8Array(3) as Uint8Array<ArrayBuffer>, {}, '']
  ])('are refused of a page with %s', (_, bytes, about, message) => {
    expect(() => ask([bytes], about)).toThrow(message);
  });
});

describe('Runs', () => {
  // Five times 3; eight packed numbers 0 to 7; twice 6.
  const bytes = Uint8Array.of(5 << 1, 3, (1 << 1) | 1, 0b10001000, 0b11000110, 0b11111010, 2 << 1, 6);
  const numbers = [3, 3, 3, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7, 6, 6];

  it('gives any number, in ascending order', () => {
    for (let step = 1; step < numbers.length; step++) {
      const runs = new Runs(bytes, 3);
      for (let i = 0; i < numbers.length; i += step) {
        expect(runs.at(i)).toBe(numbers[i]);
      }
    }
  });

  it('counts ones before any place', () => {
    // Three ones, eight packed bits, nine zeros, a one.
    const levels = Uint8Array.of(3 << 1, 1, (1 << 1) | 1, 0b01100101, 9 << 1, 0, 1 << 1, 1);
    const bits = [1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, ...new Array<number>(9).fill(0), 1];
    for (let step = 1; step <= bits.length; step++) {
      const runs = new Runs(levels, 1);
      for (let i = 0; i < bits.length; i += step) {
        expect(runs.onesBefore(i)).toBe(bits.slice(0, i).reduce((sum, bit) => sum + bit, 0));
        expect(runs.at(i)).toBe(bits[i]);
      }
    }
  });

  it.each([
    ['no bytes', [], 3],
    ['a run without its number', [2], 3],
    ['packed numbers that are cut off', [3, 1], 3],
    ['a number of more bits', [2, 8], 3],
    ['runs of nothing', [0, 1, 0, 1], 3]
  ])('refuses %s', (_, given, width) => {
    expect(() => new Runs(Uint8Array.from(given), width).at(7)).toThrow();
  });
});

describe('uncompress', () => {
  it.each([
    ['literals', [3, 2 << 2, 97, 98, 99], 'abc'],
    ['a long literal', [70, 60 << 2, 69, ...new Array<number>(70).fill(120)], 'x'.repeat(70)],
    ['a copy that reaches into itself', [9, 0, 97, (4 << 2) | 1, 1, (3 << 2) | 2, 1, 0], 'a'.repeat(13).slice(0, 13)],
    ['a copy from four bytes', [4, 1 << 2, 97, 98, (1 << 2) | 3, 2, 0, 0, 0], 'abab'],
    ['nothing', [0], '']
  ])('gives %s', (_, block, text) => {
    expect(Buffer.from(uncompress(Uint8Array.from(block), text.length)).toString()).toBe(text);
  });

  it.each([
    ['a literal beyond the block', [5, 4 << 2, 97], 5],
    ['a copy from before the start', [5, 0, 97, 1, 2], 5],
    ['a copy of nothing back', [5, 0, 97, 1, 0], 5],
    ['a copy that is cut off', [5, 0, 97, 1], 5],
    ['more than told', [3, 2 << 2, 97, 98, 99], 2],
    ['less than told', [3, 2 << 2, 97, 98, 99], 4],
    ['an absurd length', [3, 2 << 2, 97, 98, 99], 2 ** 40]
  ])('refuses %s', (_, block, length) => {
    expect(() => uncompress(Uint8Array.from(block), length)).toThrow();
  });
});
