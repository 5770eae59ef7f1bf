import { openSnapshot, parsePredicate, Statistics } from '../../../src/companion/delta';
import type { IStatisticsOptions, Row } from '../../../src/companion/delta';
import type { IColumnStatistics } from '../../../src/contract';
import { add, field, metaData, PROTOCOL, toParquet, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { randomTable } from '../support/random_table';
import { ScannedTable } from '../support/scanned_table';
import { removeTemporaryFolders } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

async function statistics(options: IStatisticsOptions = {}, of = table): Promise<Record<string, IColumnStatistics>> {
  const snapshot = await openSnapshot(of.engine, of.location, null, ALIVE);
  const columns = await new Statistics(of.engine, snapshot!, options).read(ALIVE);
  return Object.fromEntries(columns.map(column => [column.column, column]));
}

function commit(fields: readonly object[], ...files: readonly Record<string, unknown>[][]): void {
  const written = files.map((rows, i) => table.dataFile(`f${i}`, toParquet(rows)));
  writeCommit(table.location, 0, [PROTOCOL, metaData(fields), ...written]);
}

const rows = (column: string, values: readonly unknown[]) => values.map(value => ({ [column]: value }));

describe('statistics', () => {
  it('of numbers have bounds, mean and equal bins over all files', async () => {
    commit([field('v', 'double')], rows('v', [0, 10, null]), rows('v', [100, 99, 5, NaN]));
    const { v } = await statistics();
    expect(v).toEqual({
      column: 'v',
      type: 'double',
      nulls: 1,
      min: '0',
      max: 'NaN',
      histogram: {
        edges: Array.from({ length: 21 }, (_, i) => expect.closeTo(i * 5, 9)),
        counts: [1, 1, 1, ...new Array<number>(16).fill(0), 2]
      },
      frequent: null,
      mean: expect.closeTo(42.8, 9)
    });
  });

  it.each<[string, unknown, unknown[], Partial<IColumnStatistics>]>([
    [
      'whole numbers beyond 2^53',
      'long',
      [2n ** 60n, 2n ** 60n + 1n],
      { min: `${2n ** 60n}`, max: `${2n ** 60n + 1n}` }
    ],
    ['one value', 'long', [7n, 7n], { histogram: { edges: [7, 7], counts: [2] }, mean: 7 }],
    ['the widest doubles', 'double', [-1.7e308, 1.7e308], { mean: 0 }],
    ['NaN alone', 'double', [NaN], { min: 'NaN', histogram: null, mean: null }],
    [
      'texts',
      'string',
      ['b', 'ä', 'b', null],
      {
        min: 'b',
        max: 'ä',
        nulls: 1,
        frequent: [
          { value: 'b', count: 2 },
          { value: 'ä', count: 1 }
        ]
      }
    ],
    [
      'booleans',
      'boolean',
      [true, false, true],
      {
        min: 'false',
        max: 'true',
        frequent: [
          { value: 'true', count: 2 },
          { value: 'false', count: 1 }
        ]
      }
    ],
    [
      'lists',
      { type: 'array', elementType: 'long', containsNull: true },
      [[1n], null],
      { nulls: 1, min: null, max: null, frequent: null, histogram: null }
    ]
  ])('of %s', async (_, type, values, wanted) => {
    commit([field('c', type)], rows('c', values));
    const { c } = await statistics();
    expect(c).toMatchObject(wanted);
    const counts = c?.histogram?.counts.reduce((sum, count) => sum + count, 0) ?? null;
    expect([null, values.length]).toContain(counts);
  });

  it('count the frequent ones of few values, and give up beyond ten thousand', async () => {
    const values = Array.from({ length: 30_003 }, (_, i) => `${i % 10_001}`);
    commit([field('c', 'string')], rows('c', values));
    expect((await statistics())['c']).toMatchObject({ min: '0', max: '9999', frequent: null });
    const { c } = await statistics({ where: parsePredicate("c < '2'") });
    expect(c?.frequent).toHaveLength(10);
    expect(c?.frequent?.every(({ count }) => count === 3)).toBe(true);
  });

  it('cut long values, so that an answer never holds them', async () => {
    const long = (end: string) => 'ä'.repeat(3_000_000) + end;
    commit([field('c', 'string')], rows('c', ['a', long('x'), `${'b'.repeat(999)}ä`]));
    const { c } = await statistics();
    expect(c).toMatchObject({ min: 'a', max: `${'ä'.repeat(500)}…`, frequent: null });
    commit([field('c', 'string')], rows('c', [`${'b'.repeat(999)}ä`]));
    const cut = `${'b'.repeat(999)}…`;
    expect((await statistics())['c']).toMatchObject({ min: cut, max: cut, frequent: [{ value: cut, count: 1 }] });
  });

  it('of a table without rows are empty', async () => {
    commit([field('v', 'double'), field('c', 'string')]);
    const { v, c } = await statistics();
    expect(v).toMatchObject({ nulls: 0, min: null, max: null, histogram: null, mean: null });
    expect(c).toMatchObject({ min: null, max: null, frequent: [] });
  });

  it('of random tables are those of their live rows', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { table: of, rows: live } = randomTable(seed);
      const { v, key, n } = await statistics({ columns: ['n', 'key', 'v'] }, of);
      const known = (column: string) => live.map(row => row[column] ?? null).filter(value => value !== null);
      const numbers = known('v').map(Number);
      const finite = numbers.filter(Number.isFinite);
      expect([seed, v?.nulls, n?.nulls]).toEqual([seed, live.length - numbers.length, live.length - known('n').length]);
      expect(v?.histogram?.counts.reduce((a, b) => a + b, 0) ?? 0).toBe(finite.length);
      if (finite.length > 0) {
        expect(v?.mean).toBeCloseTo(finite.reduce((a, b) => a + b, 0) / finite.length, 6);
      }
      const frequent = Object.fromEntries(key?.frequent?.map(({ value, count }) => [value, count]) ?? []);
      expect([seed, frequent]).toEqual([seed, countsOf(known('key'))]);
    }
  }, 60_000);

  it('tell the bytes that they take once a file was opened', async () => {
    const file = Array.from({ length: 40_000 }, (_, i) => ({ v: Math.sin(i), c: `${Math.cos(i)} of ${i}` }));
    commit([field('v', 'double'), field('c', 'string')], file, file, file);
    const snapshot = await openSnapshot(table.engine, table.location, null, ALIVE);
    const planned: (number | null)[] = [];
    for (const columns of [['v', 'c'], ['c'], ['v']]) {
      const read = new Statistics(table.engine, snapshot!, { columns });
      expect(read.plannedBytes).toBeNull();
      const before = table.counting.bytes;
      await read.read(ALIVE);
      expect(read.plannedBytes).toBe(table.counting.bytes - before);
      planned.push(read.plannedBytes);
    }
    // Numbers are read twice.
    expect(planned[2]).toBeGreaterThan(2 * 3 * 40_000 * 8);
    const some = new Statistics(table.engine, snapshot!, { where: parsePredicate('v > 2') });
    await some.read(ALIVE);
    expect(some.plannedBytes).toBeNull();
  });

  it('stop when they are asked to', async () => {
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('v', 'double')]), add('missing')]);
    const snapshot = await openSnapshot(table.engine, table.location, null, ALIVE);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(new Statistics(table.engine, snapshot!).read(controller.signal)).rejects.toThrow('enough');
  });
});

function countsOf(values: readonly Row[string][]): Record<string, number> {
  const counts: Record<string, number> = {};
  values.forEach(value => (counts[String(value)] = (counts[String(value)] ?? 0) + 1));
  return counts;
}
