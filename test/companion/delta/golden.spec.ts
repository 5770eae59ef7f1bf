import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { TwinstoreError } from '../../../src/contract';
import { history, openSnapshot, rowsOf, Scan } from '../../../src/companion/delta';
import type { Row, Snapshot } from '../../../src/companion/delta';
import { ALIVE, localEngine } from '../support/engine';
import { multiset } from '../support/multiset';
import { parquetRows } from '../support/parquet_rows';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

/** Tables that other readers of Delta are tested with, where somebody has put them beside the checkout. */
const ARCHIVE = resolve(__dirname, '..', '..', '..', '..', 'shared', 'data', 'delta-tables.tar.gz');
const root = temporaryFolder();
if (existsSync(ARCHIVE)) {
  execFileSync('tar', ['-xzf', ARCHIVE, '-C', root]);
}
const engine = localEngine(root);
const golden = (name: string) => join(root, 'golden', name, 'delta');

async function open(table: string, version: number | null = null): Promise<Snapshot> {
  const snapshot = await openSnapshot(engine, table, version, ALIVE);
  if (snapshot === null) {
    throw new Error(`${table} is no table`);
  }
  return snapshot;
}

async function rows(snapshot: Snapshot): Promise<Row[]> {
  const found: Row[] = [];
  for await (const { data } of new Scan(engine, snapshot).batches(ALIVE)) {
    found.push(...rowsOf(data));
  }
  return found;
}

/** Rows of Parquet files that no log names. */
async function expected(name: string): Promise<Row[]> {
  const folder = join(root, 'golden', name, 'expected');
  const parts = readdirSync(folder).filter(file => file.endsWith('.parquet'));
  return (await Promise.all(parts.map(part => parquetRows(join(folder, part))))).flat();
}

function code(error: unknown): string {
  return error instanceof TwinstoreError ? error.code : String(error);
}

const READABLE = [
  '124-decimal-decode-bug',
  '125-iterator-bug',
  'basic-decimal-table',
  'basic-decimal-table-legacy',
  'basic-with-inserts-deletes-checkpoint',
  'basic-with-inserts-merge',
  'basic-with-inserts-overwrite-restore',
  'basic-with-inserts-updates',
  'basic-with-vacuum-protocol-check-feature',
  'data-reader-array-complex-objects',
  'data-reader-array-primitives',
  'data-reader-date-types-America',
  'data-reader-date-types-Asia',
  'data-reader-date-types-Etc',
  'data-reader-date-types-Iceland',
  'data-reader-date-types-Jst',
  'data-reader-date-types-Pst',
  'data-reader-date-types-utc',
  'data-reader-escaped-chars',
  'data-reader-map',
  'data-reader-nested-struct',
  'data-reader-nullable-field-invalid-schema-key',
  'data-reader-primitives',
  'data-reader-timestamp_ntz',
  'data-reader-timestamp_ntz-id-mode',
  'data-reader-timestamp_ntz-name-mode',
  'data-skipping-basic-stats-all-types',
  'data-skipping-basic-stats-all-types-checkpoint',
  'data-skipping-basic-stats-all-types-columnmapping-id',
  'data-skipping-basic-stats-all-types-columnmapping-name',
  'data-skipping-change-stats-collected-across-versions',
  'data-skipping-partition-and-data-column',
  'decimal-various-scale-precision',
  'deltalog-getChanges',
  'kernel-timestamp-pst',
  'kernel-timestamp-timestamp_micros',
  'kernel-timestamp-timestamp_millis',
  'log-replay-latest-metadata-protocol',
  'log-replay-special-characters',
  'log-replay-special-characters-a',
  'multi-part-checkpoint',
  'only-checkpoint-files',
  'parquet-all-types',
  'parquet-all-types-legacy-format',
  'parquet-decimal-type',
  'snapshot-data0',
  'snapshot-data1',
  'snapshot-data2',
  'snapshot-data2-deleted',
  'snapshot-data3',
  'snapshot-repartitioned',
  'snapshot-vacuumed',
  'table-with-columnmapping-mode-name',
  'time-travel-partition-changes-a',
  'time-travel-partition-changes-b',
  'time-travel-schema-changes-a',
  'time-travel-schema-changes-b',
  'time-travel-start',
  'time-travel-start-start20',
  'time-travel-start-start20-start40'
];

const DAMAGED: readonly [name: string, reason: RegExp][] = [
  ['deltalog-state-reconstruction-from-checkpoint-missing-metadata', /no metaData up to version 10/],
  ['deltalog-state-reconstruction-from-checkpoint-missing-protocol', /no protocol up to version 10/],
  ['deltalog-state-reconstruction-without-metadata', /no metaData up to version 0/],
  ['deltalog-state-reconstruction-without-protocol', /no protocol up to version 0/],
  ['versions-not-contiguous', /version 1 is missing/],
  ['data-reader-absolute-paths-escaped-chars', /leads nowhere/]
];

/** Tables whose data files were never there. */
const LOG_ONLY: readonly [name: string, version: number, files: number][] = [
  ['canonicalized-paths-normal-a', 1, 0],
  ['canonicalized-paths-normal-b', 1, 0],
  ['canonicalized-paths-special-a', 1, 0],
  ['canonicalized-paths-special-b', 1, 0],
  ['checkpoint', 14, 1],
  ['delete-re-add-same-file-different-transactions', 3, 2],
  ['deltalog-commit-info', 0, 1],
  ['log-replay-special-characters-b', 0, 1],
  ['update-deleted-directory', 0, 10]
];

/** A folder of tables, and one of a table without a log. */
const TABLELESS = ['hive', 'no-delta-log-folder'];
const ZONED = 'data-reader-partition-values';
const TOO_NEW = 'deltalog-invalid-protocol-version';

/** Tables of real data and of other writers, with the rows that they are known to have. */
const COUNTED: readonly [name: string, rows: number][] = [
  ['more/COVID-19_NYT', 1_111_930],
  ['more/checkpoint-v2-table', 44],
  ['more/delta-1.2.1-only-struct-stats', 12],
  ['more/http_requests', 1581],
  ['more/table-with-dv-small', 8],
  ['more/table-without-dv-small', 10],
  ['more/table_with_edge_timestamps', 2],
  ['golden/hive/delta/deltatbl-map-types-correctly', 1],
  ['golden/hive/delta/deltatbl-partition-prune', 5],
  ['golden/hive/delta/deltatbl-column-names-case-insensitive', 10],
  ['golden/hive/delta/deltatbl-deleted-path', 10],
  ['golden/hive/delta/deltatbl-incorrect-format-config', 10],
  ['golden/hive/delta/deltatbl-non-partitioned', 10],
  ['golden/hive/delta/deltatbl-not-allow-write', 10],
  ['golden/hive/delta/deltatbl-partitioned', 10],
  ['golden/hive/delta/deltatbl-schema-match', 10],
  ['golden/hive/delta/deltatbl-special-chars-in-partition-column', 10],
  ['golden/hive/delta/deltatbl-touch-files-needed-for-partitioned', 10]
];

afterAll(removeTemporaryFolders);

(existsSync(ARCHIVE) ? describe : describe.skip)('tables of other readers', () => {
  it.each(READABLE)('reads %s as its writer meant it', async name => {
    expect(multiset(await rows(await open(golden(name))))).toEqual(multiset(await expected(name)));
  });

  it('reads data-reader-partition-values but for the timestamp, which was written in the zone of its writer', async () => {
    const timeless = (table: readonly Row[]) => table.map(row => ({ ...row, as_timestamp: null }));
    const [read, meant] = [await rows(await open(golden(ZONED))), await expected(ZONED)];
    expect(multiset(timeless(read))).toEqual(multiset(timeless(meant)));
    // As UTC, seven hours before the writer's.
    const texts = (table: readonly Row[]) => table.map(row => String(row['as_timestamp'])).sort();
    expect([texts(read)[0], texts(meant)[0]]).toEqual(['1631099471000000', '1631124671000000']);
  });

  it('refuses the data of deltalog-invalid-protocol-version by name, and shows its schema', async () => {
    const snapshot = await open(golden(TOO_NEW));
    expect(snapshot.schema).toBeDefined();
    const error = await rows(snapshot).catch((thrown: unknown) => thrown);
    expect([code(error), String(error)]).toEqual([
      'unsupported',
      expect.stringMatching(/reader version 99, since version 0/)
    ]);
  });

  it('has every table of the archive in one of these lists', () => {
    const named = [READABLE, DAMAGED.map(([name]) => name), LOG_ONLY.map(([name]) => name), TABLELESS, ZONED, TOO_NEW];
    expect(readdirSync(join(root, 'golden')).sort()).toEqual(named.flat().sort());
  });

  it.each(DAMAGED)('refuses %s and says why', async (name, reason) => {
    const error = await open(golden(name)).catch((thrown: unknown) => thrown);
    expect([code(error), String(error)]).toEqual(['store_failed', expect.stringMatching(reason)]);
  });

  it.each(LOG_ONLY)('reconciles %s to version %d with %d files', async (name, version, files) => {
    const snapshot = await open(golden(name));
    expect([snapshot.version, snapshot.files.length]).toEqual([version, files]);
  });

  it.each(['checkpoint', 'log-replay-special-characters-b'])(
    'names the data file of %s that is gone, and VACUUM',
    async name => {
      const error = await open(golden(name))
        .then(rows)
        .catch((thrown: unknown) => thrown as TwinstoreError);
      expect(error).toMatchObject({ code: 'not_found', remedy: expect.stringContaining('VACUUM') });
      expect((error as TwinstoreError).message).toContain(golden(name));
    }
  );

  it.each(TABLELESS)('finds no table in %s', async name => {
    expect(await openSnapshot(engine, golden(name), null, ALIVE)).toBeNull();
  });

  it('shows schema, properties and history of a table whose reader features are unknown', async () => {
    const table = join(root, 'more', 'simple_table_features');
    const snapshot = await open(table);
    expect(snapshot.refusal?.message).toMatch(/"blahabl"/);
    expect(snapshot.schema.length).toBeGreaterThan(0);
    expect((await history(engine, table, 3, ALIVE)).map(({ version }) => version)).toEqual([4, 3, 2]);
  });

  it('reads a v2 checkpoint in JSON with its sidecars', async () => {
    const snapshot = await open(join(root, 'more', 'checkpoint-v2-table'));
    expect([snapshot.version, snapshot.files.length]).toEqual([9, 8]);
    expect(snapshot.segment.checkpoint?.files[0]?.name).toMatch(/^0{19}8\.checkpoint\.[0-9a-f-]{36}\.json$/);
  });

  it.each(COUNTED)('finds in %s its %d rows', async (name, count) => {
    let found = 0;
    for await (const { numRows } of new Scan(engine, await open(join(root, name))).batches(ALIVE)) {
      found += numRows;
    }
    expect(found).toBe(count);
  });

  it('tells who did what in the history', async () => {
    const [commit] = await history(engine, golden('snapshot-data2-deleted'), 1, ALIVE);
    expect(commit).toMatchObject({ version: 4, operation: 'DELETE', filesRemoved: expect.any(Number) });
  });
});
