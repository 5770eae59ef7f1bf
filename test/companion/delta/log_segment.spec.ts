import { findLogSegment, sortNames } from '../../../src/companion/delta/log_segment';
import type { ILogSegment } from '../../../src/companion/delta/log_segment';
import { ALIVE, localEngine } from '../support/engine';
import { add, logFile, metaData, PROTOCOL, write, writeCommit } from '../support/delta_files';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);

/** A table whose log has these files, named by version and rest. */
function tableOf(...files: [version: number, rest: string][]): string {
  const table = temporaryFolder();
  files.forEach(([version, rest]) => write(logFile(table, version, rest), '{}\n'));
  return table;
}

async function segmentOf(table: string, version: number | null = null): Promise<ILogSegment> {
  const segment = await findLogSegment(localEngine(table).store, table, version, ALIVE);
  if (segment === null) {
    throw new Error('no table');
  }
  return segment;
}

const commits = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i): [number, string] => [first + i, 'json']);
const spans = ({ replay }: ILogSegment) => replay.map(({ first, last }) => (first === last ? first : [first, last]));
const UUID = '3a0d65cd-4056-49b8-937b-95f9e3ee90e5';

describe('findLogSegment', () => {
  it('takes commits from the start when there is no checkpoint', async () => {
    const segment = await segmentOf(tableOf(...commits(0, 3)));
    expect([segment.version, segment.checkpoint, spans(segment)]).toEqual([3, null, [0, 1, 2, 3]]);
  });

  it('takes the newest complete checkpoint and what comes after it', async () => {
    const segment = await segmentOf(tableOf(...commits(0, 7), [2, 'checkpoint.parquet'], [5, 'checkpoint.parquet']));
    expect([segment.version, segment.checkpoint?.version, spans(segment)]).toEqual([7, 5, [6, 7]]);
  });

  it('counts several parts only when all are there', async () => {
    const parts: [number, string][] = [
      [5, 'checkpoint.0000000001.0000000003.parquet'],
      [5, 'checkpoint.0000000003.0000000003.parquet'],
      [3, 'checkpoint.0000000001.0000000002.parquet'],
      [3, 'checkpoint.0000000002.0000000002.parquet']
    ];
    const segment = await segmentOf(tableOf(...commits(0, 6), ...parts));
    expect([segment.checkpoint?.version, segment.checkpoint?.files.length, spans(segment)]).toEqual([3, 2, [4, 5, 6]]);
    const complete = await segmentOf(
      tableOf(...commits(0, 6), ...parts, [5, 'checkpoint.0000000002.0000000003.parquet'])
    );
    expect([complete.checkpoint?.version, complete.checkpoint?.files.length]).toEqual([5, 3]);
  });

  it('knows checkpoints with a UUID, in JSON and Parquet', async () => {
    for (const kind of ['json', 'parquet']) {
      const segment = await segmentOf(tableOf(...commits(0, 4), [4, `checkpoint.${UUID}.${kind}`]));
      expect([segment.checkpoint?.version, spans(segment)]).toEqual([4, []]);
    }
  });

  it('lives without commits once a checkpoint holds them', async () => {
    const segment = await segmentOf(tableOf([9, 'checkpoint.parquet']));
    expect([segment.version, spans(segment)]).toEqual([9, []]);
  });

  it('replaces commits by the longest compacted log that fits', async () => {
    const compacted = (first: number, last: number): [number, string] => [
      first,
      `${String(last).padStart(20, '0')}.compacted.json`
    ];
    const table = tableOf(...commits(0, 9), compacted(0, 2), compacted(0, 4), compacted(6, 12), compacted(5, 7));
    expect(spans(await segmentOf(table))).toEqual([[0, 4], [5, 7], 8, 9]);
    expect(spans(await segmentOf(table, 3))).toEqual([[0, 2], 3]);
  });

  it.each([
    ['absent', null],
    ['empty', ''],
    ['no JSON', '{"version'],
    ['stale', '{"version": 2}'],
    ['ahead of every checkpoint', '{"version": 6}'],
    ['ahead of every version', '{"version": 600}'],
    ['of another shape', '[]'],
    ['negative', '{"version": -1}'],
    ['null', 'null']
  ])('takes _last_checkpoint as a hint only: %s', async (_, content) => {
    const table = tableOf(...commits(0, 7), [2, 'checkpoint.parquet'], [5, 'checkpoint.parquet']);
    if (content !== null) {
      write(`${table}/_delta_log/_last_checkpoint`, content);
    }
    const segment = await segmentOf(table);
    expect([segment.version, segment.checkpoint?.version, spans(segment)]).toEqual([7, 5, [6, 7]]);
  });

  it('names the version that is missing', async () => {
    await expect(segmentOf(tableOf(...commits(0, 2), ...commits(4, 5)))).rejects.toThrow(/version 3 is missing/);
    await expect(segmentOf(tableOf(...commits(1, 2)))).rejects.toThrow(/version 0 is missing/);
    await expect(segmentOf(tableOf([3, 'checkpoint.parquet'], ...commits(5, 6)))).rejects.toThrow(
      /version 4 is missing/
    );
  });

  it('says which versions exist when the asked one does not', async () => {
    const table = tableOf([5, 'checkpoint.parquet'], ...commits(6, 8));
    await expect(segmentOf(table, 9)).rejects.toThrow(/no version 9: its newest version is 8/);
    await expect(segmentOf(table, 4)).rejects.toThrow(/no version 4: .* versions 5 to 8 exist/);
    expect(spans(await segmentOf(table, 7))).toEqual([6, 7]);
  });

  it('sees a gap only where the asked version needs it', async () => {
    expect((await segmentOf(tableOf(...commits(0, 2), ...commits(4, 5)), 1)).version).toBe(1);
  });
});

describe('sortNames', () => {
  it('ignores what the protocol does not name, and empty files unless they are commits', () => {
    const entry = (name: string, size = 1) => ({ name, size, modifiedMs: 0 });
    const zero = '0'.repeat(20);
    const names = [
      '_last_checkpoint',
      '1.json',
      `${zero}.crc`,
      `.${zero}.json.crc`,
      `${zero}.json.tmp`,
      `${zero}.checkpoint.parquet.tmp`
    ];
    const {
      commits: found,
      checkpoints,
      compacted
    } = sortNames([
      ...names.map(name => entry(name)),
      entry(`${zero}.checkpoint.parquet`, 0),
      entry(`${zero}.json`, 0),
      entry(`${'9'.repeat(20)}.json`)
    ]);
    expect([found.map(({ first }) => first), checkpoints, compacted]).toEqual([[0], [], []]);
  });
});

it('finds no table where there is no log', async () => {
  const table = temporaryFolder();
  expect(await findLogSegment(localEngine(table).store, table, null, ALIVE)).toBeNull();
  writeCommit(table, 0, [PROTOCOL, metaData([]), add('a')]);
  expect(await findLogSegment(localEngine(table).store, table, null, ALIVE)).not.toBeNull();
});
