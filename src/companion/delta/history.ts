import type { ICommitInfo, ITxn } from './actions';
import type { IEngine } from './engine';
import { listCommits } from './log_segment';
import { readCommit } from './snapshot';
import { sideBySide } from './store';
import { fileTimestampsMs } from './timestamps';

/** One commit as its log file tells it. */
export interface ICommit {
  version: number;
  /** In-commit timestamp, else the file's time made to grow with the version; ms since the epoch. */
  timestampMs: number;
  /** Such as `WRITE`; null when the writer left no `commitInfo`. */
  operation: string | null;
  parameters: ICommitInfo['operationParameters'];
  metrics: ICommitInfo['operationMetrics'];
  engine: string | null;
  /** What the writer put there; twinstore's own commits keep JSON with their `run`. */
  userMetadata: string | null;
  txns: readonly ITxn[];
  filesAdded: number;
  filesRemoved: number;
}

/** The newest commits, newest first. Commits that log cleaning took away are not among them. */
export async function history(engine: IEngine, table: string, limit: number, signal: AbortSignal): Promise<ICommit[]> {
  const commits = await listCommits(engine.store, table, signal);
  const times = fileTimestampsMs(commits);
  const first = Math.max(0, commits.length - limit);
  const read = await sideBySide(commits.slice(first), signal, async (commit, either, i): Promise<ICommit> => {
    const actions = await readCommit(engine, table, commit, either);
    const info = actions.flatMap(action => ('commitInfo' in action ? [action.commitInfo] : []))[0];
    return {
      version: commit.last,
      timestampMs: info?.inCommitTimestamp ?? times[first + i] ?? commit.entry.modifiedMs,
      operation: info?.operation ?? null,
      parameters: info?.operationParameters ?? {},
      metrics: info?.operationMetrics ?? {},
      engine: info?.engineInfo ?? null,
      userMetadata: info?.userMetadata ?? null,
      txns: actions.flatMap(action => ('txn' in action ? [action.txn] : [])),
      filesAdded: actions.filter(action => 'add' in action).length,
      filesRemoved: actions.filter(action => 'remove' in action).length
    };
  });
  return read.reverse();
}
