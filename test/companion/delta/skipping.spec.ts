import { openSnapshot, parsePredicate } from '../../../src/companion/delta';
import type { IAddFile, Row, Snapshot, Value } from '../../../src/companion/delta';
import { bind } from '../../../src/companion/delta/filter';
import { mayMatch } from '../../../src/companion/delta/skipping';
import { add, field, metaData, PROTOCOL, toParquet, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { READER_3, ScannedTable } from '../support/scanned_table';
import { removeTemporaryFolders } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

const counted = (from: number, to: number) =>
  toParquet(Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), name: `n${from + i}` })));
const COLUMNS = [field('id', 'long'), field('name', 'string')];
const ids = (found: readonly Row[]) => found.map(({ id }) => Number(id));

describe('a condition', () => {
  const parse = parsePredicate;
  const stats = (minValues: object, maxValues: object, nullCount: object, numRecords = 3) =>
    JSON.stringify({ numRecords, minValues, maxValues, nullCount });

  it('leaves out files that partition values or statistics rule out, and rows that do not satisfy it', async () => {
    const fields = [...COLUMNS, field('p', 'date')];
    const meta = metaData(fields);
    meta.metaData.partitionColumns.push('p');
    const file = (from: number, p: string) =>
      table.dataFile(`f${from}`, counted(from, from + 3), {
        partitionValues: { p },
        stats: stats({ id: from, name: `n${from}` }, { id: from + 2, name: `n${from + 2}` }, { id: 0, name: 0 })
      });
    writeCommit(table.location, 0, [PROTOCOL, meta, file(0, '2026-01-01'), file(10, '2026-01-02'), file(20, '')]);
    const look = async (where: string) => {
      const found = await table.scan({ where: parse(where), columns: ['name', 'id'] });
      return [
        found.files.length,
        ids(await table.rows({ where: parse(where), columns: ['id'] })).sort((a, b) => a - b)
      ];
    };
    expect(await look("p = '2026-01-02'")).toEqual([1, [10, 11, 12]]);
    expect(await look("p <> '2026-01-02'")).toEqual([1, [0, 1, 2]]);
    expect(await look('p is null')).toEqual([1, [20, 21, 22]]);
    expect(await look('id > 1 and id <= 10')).toEqual([2, [2, 10]]);
    expect(await look("name = 'n11' or not (id >= 1)")).toEqual([2, [0, 11]]);
    expect(await look('name is null')).toEqual([0, []]);
    expect(await look('id = 21 and p is not null')).toEqual([0, []]);
    expect(ids(await table.rows({ where: parse('id >= 0'), columns: ['id'], limit: 4 }))).toHaveLength(4);
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
    ['float, whose text is shorter than its double', 'float', { c: 0.1 }, { c: 0.1 }, 'c = 0.1'],
    // 0.7 as a float is less than 0.7.
    ['a float that became a double', 'double', { c: 0.7 }, { c: 0.7 }, 'c < 0.7']
  ])('keeps a file for %s', async (_, type, least, greatest, where) => {
    const told = stats(least, greatest, { c: 0 });
    writeCommit(table.location, 0, [READER_3, metaData([field('c', type)]), add('a', { stats: told })]);
    expect((await table.scan({ where: parse(where) })).files).toHaveLength(1);
  });

  it('does not look at the statistics of files that partition values rule out', async () => {
    const meta = metaData([...COLUMNS, field('p', 'string')]);
    meta.metaData.partitionColumns.push('p');
    writeCommit(table.location, 0, [PROTOCOL, meta, add('a', { partitionValues: { p: 'x' } })]);
    const snapshot = (await openSnapshot(table.engine, table.location, null, ALIVE)) as Snapshot;
    const condition = bind(
      parse("id = 1 and p = 'y'"),
      name => snapshot.schema.find(each => each.name === name) as never
    );
    const file = snapshot.files[0] as IAddFile;
    const untold = Object.defineProperty({ ...file }, 'stats', {
      get: () => {
        throw new Error('looked at');
      }
    });
    expect(mayMatch(condition, untold, snapshot)).toBe(false);
  });

  it.each(['no json', '[]', 'null', '7'])('keeps a file whose statistics are %s', async told => {
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS), add('a', { stats: told })]);
    expect((await table.scan({ where: parse('id = 7') })).files).toHaveLength(1);
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
        return table.dataFile(`f${i}`, toParquet(present), withStats ? { stats: told } : {});
      });
    const conditions = Array.from({ length: 60 }, () => {
      const one = (): string => {
        const op = ['=', '<>', '<', '<=', '>', '>='][random(6)];
        return random(5) === 0 ? `id is ${random(2) === 0 ? 'not ' : ''}null` : `id ${op} ${random(7) - 1}`;
      };
      const negated = () => (random(3) === 0 ? `not (${one()})` : one());
      return `${negated()} ${random(2) === 0 ? 'and' : 'or'} ${negated()}`;
    });
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS), ...adds(false)]);
    const all = await Promise.all(conditions.map(where => table.rows({ where: parse(where) })));
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS), ...adds(true)]);
    let skipped = 0;
    for (const [i, where] of conditions.entries()) {
      expect([where, await table.rows({ where: parse(where) })]).toEqual([where, all[i]]);
      skipped += data.length - (await table.scan({ where: parse(where) })).files.length;
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
    ['`a``b` = 1', /has no column a`b/],
    [`${'('.repeat(101)}id = 1`, /more than 100 conditions in each other/],
    [`${'not '.repeat(20_000)}id = 1`, /more than 100 conditions in each other/]
  ])('is refused where it makes no sense: %.30s', async (where, message) => {
    writeCommit(table.location, 0, [PROTOCOL, metaData(COLUMNS)]);
    const parsed = async () => table.scan({ where: parse(where) });
    await expect(parsed()).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) });
  });

  it('compares as Spark does', async () => {
    const values = (...doubles: (number | null)[]): Value[] => doubles;
    const bytes = toParquet(values(NaN, -0, 1, null, Infinity).map(d => ({ d })));
    writeCommit(table.location, 0, [PROTOCOL, metaData([field('d', 'double')]), table.dataFile('a', bytes)]);
    const look = async (where: string) => (await table.rows({ where: parse(where) })).map(({ d }) => d);
    expect(await look('d > 1')).toEqual([NaN, Infinity]);
    expect(await look("d = 'NaN'")).toEqual([NaN]);
    expect(await look('d = 0')).toEqual([-0]);
    expect(await look('not (d <> 0)')).toEqual([-0]);
  });
});
