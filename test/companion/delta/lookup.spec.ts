import { LatestRows, openSnapshot, rowsOf } from '../../../src/companion/delta';
import type { ILatestOptions, Row } from '../../../src/companion/delta';
import { rowHash } from '../../../src/companion/delta/row_hash';
import { field, metaData, PROTOCOL, toParquet, writeCommit } from '../support/delta_files';
import { ALIVE } from '../support/engine';
import { multiset } from '../support/multiset';
import { randomOf, randomTable } from '../support/random_table';
import { ScannedTable } from '../support/scanned_table';
import { fieldOf } from '../support/spark_types';
import { removeTemporaryFolders } from '../support/temporary_folder';

/** More and others by `FUZZ_TABLES` and `FUZZ_SEED`; a table that differs is named by its seed. */
const TABLES = Number(process.env['FUZZ_TABLES'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1) * 1_000_003;

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

const KEYED = { keys: ['k'], eventTimestamp: 't' };

async function latest(options: ILatestOptions = KEYED, of = table): Promise<{ rows: Row[]; filesRead: number }> {
  const snapshot = await openSnapshot(of.engine, of.location, null, ALIVE);
  const lookup = new LatestRows(of.engine, snapshot!, options);
  const rows: Row[] = [];
  for await (const { data } of lookup.batches(ALIVE)) {
    rows.push(...rowsOf(data));
  }
  return { rows, filesRead: lookup.filesRead };
}

const COLUMNS = [field('k', 'string'), field('t', 'long'), field('x', 'string')];
const INTERNAL = [field('_created_us', 'long'), field('_row_hash', 'long')];

function commit(columns: readonly object[], ...files: readonly Row[][]): void {
  const written = files.map((rows, i) => {
    const times = rows.map(({ t }) => Number(t));
    const bounds = { minValues: { t: Math.min(...times) }, maxValues: { t: Math.max(...times) } };
    const stats = JSON.stringify({ numRecords: rows.length, ...bounds });
    return table.dataFile(`f${i}`, toParquet(rows as Record<string, unknown>[]), { stats });
  });
  writeCommit(table.location, 0, [PROTOCOL, metaData(columns), ...written]);
}

const record = (k: string | null, t: bigint, x: string, created?: bigint, hash?: bigint): Row => ({
  k,
  t,
  x,
  ...(created === undefined ? {} : { _created_us: created }),
  ...(hash === undefined ? {} : { _row_hash: hash })
});
const values = ({ rows }: { rows: Row[] }) => rows.map(({ x }) => x).sort();

describe('the latest rows', () => {
  it('have the greatest event time of their key, in any file', async () => {
    commit(COLUMNS, [record('a', 1n, 'a1'), record('b', 5n, 'b5')], [record('a', 2n, 'a2'), record(null, 9n, 'none')]);
    expect(values(await latest())).toEqual(['a2', 'b5']);
    expect(await latest({ ...KEYED, columns: ['x'], wanted: [{ k: 'a' }, { k: 'c' }] })).toMatchObject({
      rows: [{ x: 'a2' }]
    });
  });

  it('of one event are decided by creation, then by hash, then by what they hold', async () => {
    const hash = (x: string) => rowHash([fieldOf('x', 'string')], { x });
    const [less, more] = hash('p') < hash('q') ? ['p', 'q'] : ['q', 'p'];
    commit(
      [...COLUMNS, ...INTERNAL],
      [record('created', 1n, 'new', 7n, 1n), record('hash', 1n, 'big', 7n, 9n), record('same', 1n, less!, 7n, 5n)],
      [record('created', 1n, 'old', 6n, 9n), record('hash', 1n, 'small', 7n, -9n), record('same', 1n, more!, 7n, 5n)]
    );
    expect(values(await latest())).toEqual(['big', 'new', more].sort());
  });

  it('of other writers count as created at 0, with the hash of their features', async () => {
    const hash = rowHash([fieldOf('x', 'string')], { x: 'bare' });
    commit(
      [...COLUMNS, ...INTERNAL],
      [record('a', 1n, 'bare'), record('b', 1n, 'bare'), record('c', 1n, 'bare')],
      [record('a', 1n, 'ours', 1n, 0n), record('b', 1n, 'more', 0n, hash + 1n), record('c', 1n, 'less', 0n, hash - 1n)]
    );
    expect(values(await latest())).toEqual(['bare', 'more', 'ours']);
  });

  it('of wanted keys are not looked for where only older rows are', async () => {
    const day = (t: bigint) => [record('a', t, `a${t}`), record('b', t, `b${t}`)];
    commit(COLUMNS, day(1n), day(3n), day(2n));
    expect(await latest({ ...KEYED, wanted: [{ k: 'a' }] })).toMatchObject({ rows: [{ x: 'a3' }], filesRead: 1 });
    // A file may hold another row of the same time.
    expect(await latest({ ...KEYED, wanted: [{ k: 'z' }] })).toEqual({ rows: [], filesRead: 3 });
    expect((await latest()).filesRead).toBe(3);
  });

  it.each<[string, ILatestOptions]>([
    ['a column that is not there', { ...KEYED, keys: ['z'] }],
    ['an event time that is not there', { ...KEYED, eventTimestamp: 'z' }],
    ['a key without one of its columns', { ...KEYED, wanted: [{ x: '1' }] }],
    ['a key of another type', { ...KEYED, keys: ['t'], wanted: [{ t: 'x' }] }],
    ['a key of doubles', { ...KEYED, keys: ['d'] }]
  ])('are refused for %s', async (_, options) => {
    commit([...COLUMNS, field('d', 'double')]);
    await expect(latest(options)).rejects.toMatchObject({ code: 'bad_request' });
  });
});

test(
  `latest rows of ${TABLES} random tables are those of reading all of them`,
  async () => {
    for (let seed = SEED; seed < SEED + TABLES; seed++) {
      const { table: of, rows } = randomTable(seed);
      const random = randomOf(seed + 2);
      const keys = random() < 0.5 ? ['key'] : ['key', 'created'];
      const options = { keys, eventTimestamp: 'n', features: ['id'] };
      const wanted = new Map<string, Row>();
      for (const row of rows) {
        const key = keys.map(name => row[name] ?? null);
        const known = wanted.get(String(key));
        if (!key.includes(null) && (known === undefined || isLater(row, known))) {
          wanted.set(String(key), row);
        }
      }
      const { rows: all } = await latest(options, of);
      expect([seed, multiset(all)]).toEqual([seed, multiset([...wanted.values()])]);
      const some = [...wanted.values()].filter(() => random() < 0.4);
      const texts = some.map(row => Object.fromEntries(keys.map(name => [name, String(row[name])])));
      const { rows: found } = await latest({ ...options, wanted: texts, columns: ['text', 'id'] }, of);
      const cut = some.map(({ text, id }) => ({ text: text!, id: id! }));
      expect([seed, multiset(found)]).toEqual([seed, multiset(cut)]);
    }
  },
  30_000 + TABLES * 1_000
);

/** Null is before every time, and the table has no internal columns. */
function isLater(a: Row, b: Row): boolean {
  const time = ({ n }: Row) => (n === null ? -1 : Number(n));
  const hash = ({ id }: Row) => rowHash([fieldOf('id', 'bigint')], { id: id! });
  return time(a) > time(b) || (time(a) === time(b) && hash(a) > hash(b));
}
