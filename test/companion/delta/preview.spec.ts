import { Table, vectorFromArray } from 'apache-arrow';
import { WriterPropertiesBuilder } from 'parquet-wasm/node';

import { compareValues } from '../../../src/arrow';
import { openSnapshot, parsePredicate, Preview, rowsOf } from '../../../src/companion/delta';
import type { IPreviewOptions, Row } from '../../../src/companion/delta';
import { add, arrowToParquet, field, metaData, PROTOCOL, toParquet, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { multiset } from '../support/multiset';
import { randomOf, randomTable } from '../support/random_table';
import { ScannedTable } from '../support/scanned_table';
import { removeTemporaryFolders } from '../support/temporary_folder';

/** More and others by `FUZZ_TABLES` and `FUZZ_SEED`; a table that differs is named by its seed. */
const TABLES = Number(process.env['FUZZ_TABLES'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1) * 1_000_003;

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

async function preview(options: Partial<IPreviewOptions>, of = table) {
  const snapshot = await openSnapshot(of.engine, of.location, null, ALIVE);
  const before = of.counting.bytes;
  const shown = new Preview(of.engine, snapshot!, { limit: 10, window: 'cheapest', ...options });
  const rows: Row[] = [];
  for await (const { data } of shown.batches(ALIVE)) {
    rows.push(...rowsOf(data));
  }
  return { rows, ...shown.outcome, bytes: of.counting.bytes - before, plannedBytes: shown.plannedBytes };
}

const counted = (from: number, to: number) =>
  toParquet(Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i) })));
const ids = (rows: readonly Row[]) => rows.map(({ id }) => Number(id));
const stats = (least: number, greatest: number) => ({
  stats: JSON.stringify({ numRecords: greatest - least + 1, minValues: { id: least }, maxValues: { id: greatest } })
});

describe('the cheapest window', () => {
  it('leaves dictionaries out, and says where its rows stand', async () => {
    const texts = Array.from({ length: 60_000 }, (_, i) => `${Math.sin(i)} is the sine of ${i}`);
    const properties = new WriterPropertiesBuilder()
      .setDictionaryPageSizeLimit(400_000)
      .setDataPageSizeLimit(50_000)
      .setWriteBatchSize(500)
      .build();
    const bytes = arrowToParquet(new Table({ text: vectorFromArray(texts) }), properties);
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('text', 'string')]), table.dataFile('part-7', bytes)]);
    const cheap = await preview({});
    const [, first = '', last = ''] = /^rows ([\d,]+) to ([\d,]+) of part-7$/.exec(cheap.what) ?? [];
    const from = Number(first.replaceAll(',', ''));
    expect(Number(last.replaceAll(',', ''))).toBe(from + 9);
    expect(cheap.rows).toEqual(texts.slice(from, from + 10).map(text => ({ text })));
    expect(cheap).toMatchObject({ complete: false, total: null, filesRead: 1, filesTotal: 1 });
    const opened = 256 * 1024;
    const start = await preview({ window: 'first' });
    expect(start.rows).toEqual(texts.slice(0, 10).map(text => ({ text })));
    expect(cheap.bytes - opened).toBeLessThan((start.bytes - opened) / 3);
    // The window may lie in the end of the file, which is read at first.
    expect(cheap.plannedBytes).toBeGreaterThanOrEqual(cheap.bytes);
    const half = { limit: 40_000, skip: 20_000 };
    const [whole, rest] = [await preview({ limit: 40_000 }), await preview(half)];
    expect(rest.rows).toEqual(whole.rows.slice(20_000));
    expect([whole.plannedBytes, rest.plannedBytes]).toEqual([whole.bytes, rest.bytes]);
    expect(rest.bytes).toBeLessThan(whole.bytes * 0.8);
  });

  it('lies in one of the smallest files that have enough rows', async () => {
    writeCommit(table.location, 0, [
      PROTOCOL,
      metaData([field('id', 'long')]),
      table.dataFile('scarce', counted(0, 5), stats(0, 4)),
      table.dataFile('many', counted(100, 5_000), stats(100, 4_999)),
      table.dataFile('enough', counted(5_000, 5_050), stats(5_000, 5_049))
    ]);
    expect(await preview({})).toMatchObject({ what: 'rows 0 to 9 of enough', total: 4_955, complete: false });
    const all = await preview({ limit: 5_000 });
    expect(all).toMatchObject({ what: 'all 4,955 rows', complete: true, filesRead: 3 });
    expect(await preview({ limit: 4_920, window: 'cheapest' })).toMatchObject({
      what: 'the first 4,920 rows; scanned 2 of 3 files',
      complete: false
    });
  });

  it('counts the rows of a snapshot once', async () => {
    const files = ['a', 'b'].map(path => add(path, stats(0, 4)));
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long')]), ...files]);
    const snapshot = await openSnapshot(table.engine, table.location, null, ALIVE);
    const parse = jest.spyOn(JSON, 'parse');
    [1, 2, 3].forEach(limit => new Preview(table.engine, snapshot!, { limit, window: 'first' }));
    expect(parse).toHaveBeenCalledTimes(2);
    parse.mockRestore();
  });

  it('of a table without files is empty', async () => {
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long')])]);
    const empty = { rows: [], complete: true, total: 0, filesRead: 0, filesTotal: 0 };
    expect(await preview({})).toMatchObject({ ...empty, what: 'all 0 rows' });
    expect(await preview({ order: { column: 'id', descending: true } })).toMatchObject(empty);
  });
});

describe('rows that are left out at the start', () => {
  it('are not read', async () => {
    const files = [0, 1, 2].map(i => table.dataFile(`f${i}`, counted(i * 10, i * 10 + 10), stats(i * 10, i * 10 + 9)));
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long')]), ...files]);
    const all = await preview({ window: 'first', limit: 25 });
    const rest = await preview({ window: 'first', limit: 25, skip: 13 });
    expect([ids(rest.rows), rest.what]).toEqual([ids(all.rows).slice(13), all.what]);
    expect(rest.bytes).toBeCloseTo((2 * all.bytes) / 3, -2);
    const where = parsePredicate('id >= 5');
    const found = await preview({ where, limit: 18 });
    expect((await preview({ where, limit: 18, skip: 16 })).rows).toEqual(found.rows.slice(16));
  });

  it.each<[string, Partial<IPreviewOptions>]>([
    ['first', { window: 'first' }],
    ['cheapest', { window: 'cheapest', limit: 4 }],
    ['some that satisfy a condition', { where: parsePredicate('id < 3') }],
    ['first by a column of equal values', { order: { column: 'n', descending: true } }]
  ])('are the %s rows however the log tells of the files', async (_, options) => {
    const columns = [field('id', 'long'), field('n', 'long')];
    const files = [0, 1, 2].map(i => {
      const rows = Array.from({ length: 5 }, (__, row) => ({ id: BigInt(row), n: BigInt(row % 2) }));
      return table.dataFile(`f${i}`, toParquet(rows.map(row => ({ ...row, id: row.id * BigInt(i + 1) }))));
    });
    const told: unknown[] = [];
    for (const order of [files, [...files].reverse()]) {
      writeCommit(table.location, 0, [PROTOCOL, metaData(columns), ...order]);
      const { rows, what } = await preview({ limit: 7, ...options });
      told.push([rows, what]);
    }
    expect(told[1]).toEqual(told[0]);
  });
});

describe('rows that satisfy a condition', () => {
  it('come from no more files than it takes', async () => {
    const files = [0, 1, 2, 3, 4, 5].map(i =>
      table.dataFile(`f${i}`, counted(i * 10, i * 10 + 10), stats(i * 10, i * 10 + 9))
    );
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long')]), ...files]);
    const some = await preview({ where: parsePredicate('id >= 25'), limit: 7 });
    expect(ids(some.rows).every(id => id >= 25)).toBe(true);
    expect(some).toMatchObject({ complete: false, filesTotal: 4, total: 60 });
    expect(some.what).toBe(`the first 7 rows that satisfy the condition; scanned ${some.filesRead} of 4 files`);
    expect(await preview({ where: parsePredicate('id = 41') })).toMatchObject({
      rows: [{ id: 41n }],
      what: 'all 1 row that satisfy the condition',
      complete: true,
      filesTotal: 1
    });
  });
});

describe('the first rows of a table in some order', () => {
  it('come from the files that promise them, nulls last', async () => {
    const files = [3, 0, 2, 1].map(i =>
      table.dataFile(`f${i}`, counted(i * 10, i * 10 + 10), stats(i * 10, i * 10 + 9))
    );
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('id', 'long')]), ...files]);
    const least = await preview({ order: { column: 'id', descending: false }, limit: 12 });
    expect(ids(least.rows)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(least).toMatchObject({ filesRead: 2, filesTotal: 4, what: 'the first 12 rows by id, least first' });
    const greatest = await preview({ order: { column: 'id', descending: true }, limit: 3 });
    expect([ids(greatest.rows), greatest.filesRead]).toEqual([[39, 38, 37], 1]);
  });

  it('are refused for columns without an order', async () => {
    const list = field('l', { type: 'array', elementType: 'long', containsNull: true });
    writeCommit(table.location, 0, [PROTOCOL, metaData([list])]);
    const shown = preview({ order: { column: 'l', descending: false } });
    await expect(shown).rejects.toMatchObject({ code: 'bad_request' });
    await expect(preview({ order: { column: 'x', descending: false } })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(preview({ columns: ['x'] })).rejects.toMatchObject({ code: 'bad_request' });
  });
});

test(
  `${TABLES} random tables are previewed as reading all of them does`,
  async () => {
    for (let seed = SEED; seed < SEED + TABLES; seed++) {
      const { table: of, rows } = randomTable(seed);
      const random = randomOf(seed + 1);
      const limit = 1 + Math.floor(random() * 60);
      const known = new Map(rows.map(row => [row['id'], row]));
      for (const window of ['first', 'cheapest'] as const) {
        const { rows: some, complete, total, what, filesRead } = await preview({ limit, window }, of);
        const skip = Math.floor(random() * some.length);
        const rest = await preview({ limit, window, skip }, of);
        expect([seed, window, rest]).toMatchObject([seed, window, { complete, what, filesRead }]);
        expect([seed, skip, multiset(rest.rows)]).toEqual([seed, skip, multiset(some.slice(skip))]);
        expect([seed, window, some.length]).toEqual([seed, window, Math.min(limit, rows.length)]);
        expect([seed, multiset(some)]).toEqual([seed, multiset(some.map(({ id }) => known.get(id ?? null)!))]);
        expect(new Set(ids(some)).size).toBe(some.length);
        expect([seed, complete && some.length !== rows.length]).toEqual([seed, false]);
        expect([seed, total ?? rows.length]).toEqual([seed, rows.length]);
      }
      const bound = Math.floor(random() * 40);
      const isWanted = ({ n }: Row) => n !== null && (n as bigint) > bound;
      const where = parsePredicate(`n > ${bound}`);
      const found = await preview({ where, limit: 10_000, columns: ['id', 'text'] }, of);
      expect([seed, multiset(found.rows)]).toEqual([
        seed,
        multiset(rows.filter(isWanted).map(({ id, text }) => ({ id: id!, text: text! })))
      ]);
      const left = Math.floor(random() * found.rows.length);
      const others = await preview({ where, limit: 10_000, columns: ['id', 'text'], skip: left }, of);
      expect([seed, others.what, others.rows]).toEqual([seed, found.what, found.rows.slice(left)]);
      for (const column of ['n', 'v', 'key']) {
        const order = { column, descending: random() < 0.5 };
        const options = { order, limit, columns: [column, 'id'], ...(random() < 0.5 ? { where } : {}) };
        const top = await preview(options, of);
        const later = await preview({ ...options, skip: Math.min(1, top.rows.length) }, of);
        expect([seed, later.what, later.rows]).toEqual([seed, top.what, top.rows.slice(1)]);
        const all = top.what.includes('satisfy') ? rows.filter(isWanted) : rows;
        const sorted = all.map(row => row[column] ?? null).sort((a, b) => inOrder(a, b, order.descending));
        const values = top.rows.map(row => row[column] ?? null);
        expect([seed, column, plain(values)]).toEqual([seed, column, plain(sorted.slice(0, limit))]);
        top.rows.forEach(row => expect(row[column]).toEqual(known.get(row['id'] ?? null)?.[column]));
        expect(new Set(ids(top.rows)).size).toBe(top.rows.length);
      }
    }
  },
  30_000 + TABLES * 1_000
);

type Cell = Row[string];

/** Values as they compare: 0 and −0 are one. */
function plain(values: readonly (Cell | undefined)[]): string[] {
  return values.map(value => String(typeof value === 'number' ? value + 0 : value));
}

function inOrder(a: Cell | undefined, b: Cell | undefined, descending: boolean): number {
  if (a === null || b === null || a === undefined || b === undefined) {
    return Number(a === null) - Number(b === null);
  }
  return descending ? compareValues(b, a) : compareValues(a, b);
}
