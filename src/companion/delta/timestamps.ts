import { TwinstoreError } from '../../contract';
import { damaged, parseActions } from './actions';
import type { IEngine } from './engine';
import { listCommits, logFolder } from './log_segment';
import type { ICommitFile } from './log_segment';
import { deltaProperty } from './properties';
import { openSnapshot } from './snapshot';
import type { Snapshot } from './snapshot';
import { below, readWhole } from './store';

/** Bytes that surely hold a commit's first line, where `commitInfo` stands when in-commit timestamps are on. */
const HEAD_BYTES = 64 * 1024;

/**
 * First version whose commits carry their own time; Infinity when they do not.
 * (PROTOCOL.md, In-Commit Timestamps: without an enablement version the feature is as old as the table.)
 */
export function inCommitTimestampsFrom({ properties }: Snapshot): number {
  return deltaProperty(properties, 'delta.enableInCommitTimestamps') === 'true'
    ? Number(properties['delta.inCommitTimestampEnablementVersion'] ?? 0)
    : Infinity;
}

/** The time that a commit itself says, in ms since the epoch. */
export async function inCommitTimestampMs(
  engine: IEngine,
  table: string,
  { entry }: ICommitFile,
  signal: AbortSignal
): Promise<number> {
  const location = below(logFolder(table), entry.name);
  const end = Math.min(entry.size, HEAD_BYTES);
  let bytes = await engine.store.read(location, { range: { start: 0, end }, limit: end, signal });
  if (end < entry.size && !bytes.includes(NEWLINE)) {
    bytes = await readWhole(engine.store, location, entry.size, signal);
  }
  const line = bytes.includes(NEWLINE) ? bytes.subarray(0, bytes.indexOf(NEWLINE)) : bytes;
  const [action] = parseActions(line, location);
  const time = action !== undefined && 'commitInfo' in action ? action.commitInfo.inCommitTimestamp : null;
  return time ?? refuseUntimed(location);
}

const NEWLINE = 0x0a;

/** Files' times made to grow with the version, as Delta does where commits carry no time. In ms since the epoch. */
export function fileTimestampsMs(commits: readonly ICommitFile[]): number[] {
  let last = -Infinity;
  return commits.map(({ entry }) => (last = Math.max(entry.modifiedMs, last + 1)));
}

/** When a snapshot's version was committed, in ms since the epoch; null where log cleaning took its commit away. */
export async function committedMs(engine: IEngine, snapshot: Snapshot, signal: AbortSignal): Promise<number | null> {
  const { table, version } = snapshot;
  const commits = await listCommits(engine.store, table, signal);
  const place = commits.findIndex(({ last }) => last === version);
  const commit = commits[place];
  if (commit === undefined) {
    return null;
  }
  return version >= inCommitTimestampsFrom(snapshot)
    ? inCommitTimestampMs(engine, table, commit, signal)
    : (fileTimestampsMs(commits)[place] ?? null);
}

/**
 * The newest version that was there at a time (ms since the epoch).
 *
 * @param head The newest snapshot, where it is known.
 *
 * Throws `not_found` when the table, or what is left of its log, begins later.
 */
export async function versionAt(
  engine: IEngine,
  table: string,
  timeMs: number,
  signal: AbortSignal,
  head: Snapshot | null = null
): Promise<number> {
  const [newest, commits] = await Promise.all([
    head ?? openSnapshot(engine, table, null, signal, { files: false }),
    listCommits(engine.store, table, signal)
  ]);
  if (newest === null) {
    throw new TwinstoreError('not_found', `${table} is not a Delta table.`, 'Check the address.');
  }
  const from = inCommitTimestampsFrom(newest);
  const timed = commits.filter(({ last }) => last >= from);
  const index = await lastIndex(timed.length, async i => {
    return (await inCommitTimestampMs(engine, table, timed[i] as ICommitFile, signal)) <= timeMs;
  });
  if (index >= 0) {
    return (timed[index] as ICommitFile).last;
  }
  const untimed = commits.filter(({ last }) => last < from);
  const found = fileTimestampsMs(untimed).findLastIndex(time => time <= timeMs);
  return untimed[found]?.last ?? refuseTooEarly(table, timeMs);
}

/** The last index at which a condition holds that holds from the start up to some point; −1 when it never does. */
async function lastIndex(length: number, holds: (i: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await holds(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

function refuseUntimed(location: string): never {
  throw damaged(location, 'no inCommitTimestamp in the first line');
}

function refuseTooEarly(table: string, timeMs: number): never {
  const time = new Date(timeMs).toISOString();
  throw new TwinstoreError('not_found', `${table} has no version as old as ${time}.`, 'Ask for a later time.');
}
