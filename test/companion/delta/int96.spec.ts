import { field, metaData, writeCommit } from '../support/delta_files';
import { READER_3, ScannedTable } from '../support/scanned_table';
import { removeTemporaryFolders } from '../support/temporary_folder';
import { INT32, INT96, int96, rawParquet } from './raw_parquet';

afterAll(removeTemporaryFolders);
let table: ScannedTable;
beforeEach(() => (table = new ScannedTable()));

const mapped = (name: string, type: unknown, id: number) =>
  field(name, type, { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': `col-${id}` });

describe('INT96', () => {
  it('is found by its field id beside its neighbours in a struct', async () => {
    const bytes = rawParquet(
      [
        { name: 'x', id: 2, type: INT96, values: int96('1500-01-01T00:00:00Z', '2026-01-02T03:04:05.006Z') },
        { name: 'y', id: 3, type: INT32, values: Buffer.from(Int32Array.of(7, -8).buffer) }
      ],
      2
    );
    const struct = { type: 'struct', fields: [mapped('n', 'integer', 3), mapped('at', 'timestamp', 2)] };
    writeCommit(table.location, 0, [
      READER_3,
      metaData([mapped('named', struct, 1)], { 'delta.columnMapping.mode': 'id' }),
      table.dataFile('a', bytes)
    ]);
    expect(await table.rows()).toEqual([
      { named: { n: 7, at: BigInt(Date.parse('1500-01-01T00:00:00Z')) * 1000n } },
      { named: { n: -8, at: BigInt(Date.parse('2026-01-02T03:04:05.006Z')) * 1000n } }
    ]);
  });

  const LEGACY = { 'org.apache.spark.version': '3.5.0', 'org.apache.spark.legacyINT96': '' };

  it.each<[string, Record<string, string>, boolean]>([
    ['marked as such', LEGACY, false],
    ['of Spark 3.0', { 'org.apache.spark.version': '3.0.3' }, false],
    ['of Spark 3.1', { 'org.apache.spark.version': '3.1.0' }, true],
    ['whose dates alone are old', { 'org.apache.spark.version': '3.5.0', 'org.apache.spark.legacyDateTime': '' }, true],
    ['of another writer', {}, true]
  ])('before 1900 is read of the files whose calendar is that of today: %s', async (_, pairs, isRead) => {
    const at = (instant: string) => rawParquet([{ name: 'x', id: 2, type: INT96, values: int96(instant) }], 1, pairs);
    const struct = { type: 'struct', fields: [field('x', 'timestamp')] };
    const meta = metaData([field('s', struct)]);
    writeCommit(table.location, 0, [READER_3, meta, table.dataFile('a', at('1900-01-01T00:00:00Z'))]);
    expect(await table.rows()).toEqual([{ s: { x: -2_208_988_800_000_000n } }]);
    writeCommit(table.location, 1, [table.dataFile('b', at('1899-12-31T23:59:59.999Z'))]);
    const rows = table.rows().then(({ length }) => length);
    await (isRead
      ? expect(rows).resolves.toBe(2)
      : expect(rows).rejects.toMatchObject({
          code: 'unsupported',
          message: expect.stringMatching(/column s of .*\/b cannot be read: .*before version 3/)
        }));
  });
});
