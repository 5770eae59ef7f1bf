import { TwinstoreError } from '../../contract';
import type { ITableHistoryAnswer, ITableRequest } from '../../contract';
import { committedMs, history, isCurrent, openSnapshot, versionAt, WatchedTable } from '../delta';
import type { ICommit, IEngine, Snapshot } from '../delta';
import { definitionOf, Receipts, watermark } from '../groups';

/** A table that somebody looks at, with what was read of it last. */
export class OpenTable {
  /** @param location Canonical. */
  constructor(
    private readonly engine: IEngine,
    readonly location: string
  ) {
    this.table = new WatchedTable(engine, location);
    this.receipts = new Receipts(engine, location);
  }

  /** Files that are held in memory. */
  get held(): number {
    return [this.newest, this.asked].reduce((sum, snapshot) => sum + (snapshot?.held ?? 0), 0);
  }

  /** The newest snapshot. Throws `not_found` where there is no table. */
  async head(signal: AbortSignal): Promise<Snapshot> {
    this.newest = await this.table.snapshot(signal);
    return this.newest ?? this.refuse();
  }

  /** The newest version, and the one that the request asks for. */
  async at(
    { version, at_us }: Pick<ITableRequest, 'version' | 'at_us'>,
    signal: AbortSignal
  ): Promise<{ head: Snapshot; snapshot: Snapshot }> {
    const head = await this.head(signal);
    const wanted =
      at_us === undefined
        ? version
        : await versionAt(this.engine, this.location, Math.floor(at_us / 1000), signal, head);
    if (wanted === undefined || wanted === head.version) {
      return { head, snapshot: head };
    }
    let { asked } = this;
    if (asked?.version !== wanted || !(await isCurrent(this.engine, asked, signal))) {
      asked = await openSnapshot(this.engine, this.location, wanted, signal);
    }
    this.asked = asked;
    return { head, snapshot: asked ?? this.refuse() };
  }

  /** When a snapshot's version was committed, µs since the epoch; null where log cleaning took its commit away. */
  async committedUs(snapshot: Snapshot, signal: AbortSignal): Promise<number | null> {
    if (this.committed?.snapshot !== snapshot) {
      const ms = await committedMs(this.engine, snapshot, signal);
      this.committed = { snapshot, us: ms === null ? null : ms * 1000 };
    }
    return this.committed.us;
  }

  /** The newest commits, newest first. */
  async commits(head: Snapshot, limit: number, signal: AbortSignal): Promise<readonly ICommit[]> {
    if (this.past?.head !== head || this.past.limit !== limit) {
      this.past = { head, limit, commits: await history(this.engine, this.location, limit, signal) };
    }
    return this.past.commits;
  }

  /** How far a feature group is online, and what brought it there. */
  async ledger(
    head: Snapshot,
    runs: ReadonlySet<string>,
    signal: AbortSignal
  ): Promise<Pick<ITableHistoryAnswer, 'watermark' | 'receipts'>> {
    if (groupOf(head) === null) {
      return { watermark: null, receipts: [] };
    }
    const all = await this.receipts.of(head, signal);
    const mark = watermark(all.map(({ gap }) => gap));
    // Newest first, so that of each run the first counts.
    const newest = new Map([...all].reverse().map(receipt => [receipt.run_id, receipt]));
    const receipts = [...newest.values()].filter(({ run_id }) => runs.has(run_id)).sort((a, b) => b.at_us - a.at_us);
    return { watermark: mark < 0 ? null : mark, receipts };
  }

  private refuse(): never {
    throw new TwinstoreError('not_found', `${this.location} is not a Delta table.`, 'Check the address.');
  }

  private readonly table: WatchedTable;
  private readonly receipts: Receipts;
  private newest: Snapshot | null = null;
  /** The other version that was asked for last. */
  private asked: Snapshot | null = null;
  private committed: { snapshot: Snapshot; us: number | null } | null = null;
  private past: { head: Snapshot; limit: number; commits: readonly ICommit[] } | null = null;
}

/** Name of the feature group whose history a table is; null for any other table, and for a definition that is not read here. */
export function groupOf(snapshot: Snapshot): string | null {
  try {
    return definitionOf(snapshot)?.name ?? null;
  } catch (error) {
    // The list of groups says what is wrong with it; as a table it is as good as any.
    if (error instanceof TwinstoreError) {
      return null;
    }
    throw error;
  }
}
