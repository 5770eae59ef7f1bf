import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { TwinstoreError } from '../../../src/contract';
import { history, openSnapshot, readFile } from '../../../src/companion/delta';
import type { Row, Snapshot } from '../../../src/companion/delta';
import { rowsOf } from '../../../src/companion/delta/parquet';
import { ALIVE, localEngine } from '../support/engine';
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
  return (await Promise.all(snapshot.files.map(file => readFile(engine, snapshot, file, ALIVE)))).flat();
}

async function expected(name: string): Promise<Row[]> {
  const folder = join(root, 'golden', name, 'expected');
  const parts = readdirSync(folder).filter(file => file.endsWith('.parquet'));
  const tables = await Promise.all(
    parts.map(part => engine.decoder.decode(readFileSync(join(folder, part)), part, ALIVE))
  );
  return tables.flatMap(table => rowsOf(table));
}

/** Rows as a multiset. */
function sorted(table: readonly Row[]): string[] {
  const plain = (_: string, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  return table.map(row => JSON.stringify(row, plain)).sort();
}

function code(error: unknown): string {
  return error instanceof TwinstoreError ? error.code : String(error);
}

const READABLE = [
  '125-iterator-bug',
  'basic-with-inserts-deletes-checkpoint',
  'basic-with-inserts-merge',
  'basic-with-inserts-overwrite-restore',
  'basic-with-inserts-updates',
  'basic-with-vacuum-protocol-check-feature',
  'data-reader-array-complex-objects',
  'data-reader-escaped-chars',
  'data-reader-nested-struct',
  'data-reader-nullable-field-invalid-schema-key',
  'data-skipping-change-stats-collected-across-versions',
  'data-skipping-partition-and-data-column',
  'deltalog-getChanges',
  'log-replay-latest-metadata-protocol',
  'log-replay-special-characters',
  'log-replay-special-characters-a',
  'multi-part-checkpoint',
  'only-checkpoint-files',
  'snapshot-data0',
  'snapshot-data1',
  'snapshot-data2',
  'snapshot-data2-deleted',
  'snapshot-data3',
  'snapshot-repartitioned',
  'snapshot-vacuumed',
  'time-travel-partition-changes-a',
  'time-travel-partition-changes-b',
  'time-travel-schema-changes-a',
  'time-travel-schema-changes-b',
  'time-travel-start',
  'time-travel-start-start20',
  'time-travel-start-start20-start40'
];

/** Tables whose log is read but whose columns or files belong to the room that scans data. */
const REFUSED_BY_NAME: readonly [name: string, reason: RegExp][] = [
  ['124-decimal-decode-bug', /Decimal/],
  ['basic-decimal-table', /decimal\(12,5\)/],
  ['data-reader-date-types-utc', /Timestamp<NANOSECOND>/],
  ['data-reader-partition-values', /"boolean"/],
  ['data-reader-timestamp_ntz-id-mode', /column mapping by id/],
  ['table-with-columnmapping-mode-name', /column mapping by name/],
  ['kernel-timestamp-pst', /timestamp/i],
  ['deltalog-invalid-protocol-version', /reader version 99, since version 0/]
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
  ['log-replay-special-characters-b', 0, 1],
  ['update-deleted-directory', 0, 10]
];

afterAll(removeTemporaryFolders);

(existsSync(ARCHIVE) ? describe : describe.skip)('tables of other readers', () => {
  it.each(READABLE)('reads %s as its writer meant it', async name => {
    expect(sorted(await rows(await open(golden(name))))).toEqual(sorted(await expected(name)));
  });

  it.each(REFUSED_BY_NAME)('reads the log of %s and refuses its data by name', async (name, reason) => {
    const snapshot = await open(golden(name));
    expect(snapshot.schema).toBeDefined();
    const error = await (async () => rows(snapshot))().catch((thrown: unknown) => thrown);
    expect([code(error), String(error)]).toEqual(['unsupported', expect.stringMatching(reason)]);
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

  it('finds no table in a folder without a log', async () => {
    expect(await openSnapshot(engine, golden('no-delta-log-folder'), null, ALIVE)).toBeNull();
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

  it('refuses deletion vectors by name', async () => {
    const snapshot = await open(join(root, 'more', 'table-with-dv-small'));
    await expect(rows(snapshot)).rejects.toThrow(/deletion vectors/);
    expect(await rows(await open(join(root, 'more', 'table-without-dv-small')))).toHaveLength(10);
  });

  it('counts real data', async () => {
    const snapshot = await open(join(root, 'more', 'COVID-19_NYT'));
    const counts = snapshot.files.map(({ stats }) => (JSON.parse(stats ?? '{}') as { numRecords: number }).numRecords);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(1_111_930);
  });

  it('tells who did what in the history', async () => {
    const [commit] = await history(engine, golden('snapshot-data2-deleted'), 1, ALIVE);
    expect(commit).toMatchObject({ version: 4, operation: 'DELETE', filesRemoved: expect.any(Number) });
  });
});
