import type { Action, IAddFile, IDeletionVector, IMetadata, IProtocol, ITxn } from './actions';
import type { ICheckpointContent } from './checkpoint';
import { resolveLogPath } from './store';

/** What a table is at one version. */
export interface ITableState {
  protocol: IProtocol | null;
  /** Version that the protocol was set in; null when a checkpoint is all that tells. */
  protocolVersion: number | null;
  metadata: IMetadata | null;
  /** Newest transaction of each application. */
  txns: ReadonlyMap<string, ITxn>;
  /** Live files. */
  files: readonly IAddFile[];
}

/**
 * Reconciles actions newest first: of each (path, deletion vector) the newest add or remove holds
 * (PROTOCOL.md, Action Reconciliation).
 */
export class Replay {
  constructor(private readonly table: string) {}

  /**
   * Takes a file of the log, always older than those before it.
   *
   * @param version The commit's version; null for a checkpoint's.
   */
  take(actions: readonly Action[], version: number | null): void {
    // Within one commit the later line holds.
    for (let i = actions.length - 1; i >= 0; i--) {
      const action = actions[i] as Action;
      if ('add' in action) {
        const key = this.keyOf(action.add.path, action.add.deletionVector);
        if (!this.seen.has(key)) {
          this.seen.add(key);
          this.files.push(action.add);
        }
      } else if ('remove' in action) {
        this.seen.add(this.keyOf(action.remove.path, action.remove.deletionVector));
      } else if ('protocol' in action && this.protocol === null) {
        this.protocol = action.protocol;
        this.protocolVersion = version;
      } else if ('metaData' in action) {
        this.metadata ??= action.metaData;
      } else if ('txn' in action && !this.txns.has(action.txn.appId)) {
        this.txns.set(action.txn.appId, action.txn);
      }
    }
  }

  /** Takes the checkpoint below all commits. */
  takeCheckpoint({ files, others }: ICheckpointContent): void {
    // Where no commit came after it, no path is read: a file of a checkpoint makes its text when it is asked for it.
    const isLive = (file: IAddFile) =>
      this.seen.size === 0 || !this.seen.has(this.keyOf(file.path, file.deletionVector));
    // Not by `concat`: Arrow gives a meaning to `Symbol.isConcatSpreadable`, which makes that slow.
    for (const file of files) {
      if (isLive(file)) {
        this.files.push(file);
      }
    }
    this.take(others, null);
  }

  state(): ITableState {
    const { protocol, protocolVersion, metadata, txns, files } = this;
    return { protocol, protocolVersion, metadata, txns, files };
  }

  private keyOf(path: string, vector: IDeletionVector | null): string {
    const location = resolveLogPath(this.table, path);
    return vector === null
      ? location
      : `${location}\0${vector.storageType}${vector.pathOrInlineDv}@${vector.offset ?? ''}`;
  }

  private protocol: IProtocol | null = null;
  private protocolVersion: number | null = null;
  private metadata: IMetadata | null = null;
  private readonly txns = new Map<string, ITxn>();
  private readonly files: IAddFile[] = [];
  private readonly seen = new Set<string>();
}
