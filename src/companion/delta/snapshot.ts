import { TwinstoreError } from '../../contract';
import { damaged, parseActions } from './actions';
import type { Action, IAddFile, IMetadata, IProtocol, ITxn } from './actions';
import { readCheckpoint } from './checkpoint';
import type { ICheckpointContent } from './checkpoint';
import type { IEngine } from './engine';
import { findLogSegment, findOlderSegment, logFolder } from './log_segment';
import type { ICommitFile, ILogSegment } from './log_segment';
import { readerRefusal } from './protocol_gate';
import { Replay } from './replay';
import type { ITableState } from './replay';
import { parseSchema } from './schema';
import type { ISchemaField } from './schema';
import { below, readWhole } from './store';

/** A Delta table at one version. Immutable. */
export class Snapshot {
  constructor(
    /** Canonical location. */
    readonly table: string,
    readonly segment: ILogSegment,
    state: ITableState
  ) {
    if (state.protocol === null) {
      throw damaged(logFolder(table), `no protocol up to version ${segment.version}`);
    }
    if (state.metadata === null) {
      throw damaged(logFolder(table), `no metaData up to version ${segment.version}`);
    }
    this.version = segment.version;
    this.protocol = state.protocol;
    this.metadata = state.metadata;
    this.schema = parseSchema(state.metadata.schemaString, table);
    this.txns = state.txns;
    this.refusal = readerRefusal(table, state);
    this.live = state.files;
  }

  readonly version: number;
  readonly protocol: IProtocol;
  readonly metadata: IMetadata;
  readonly schema: readonly ISchemaField[];
  readonly txns: ReadonlyMap<string, ITxn>;
  /** Why the data must not be read, when the table asks more of a reader than is known here. */
  readonly refusal: TwinstoreError | null;

  get properties(): Readonly<Record<string, string>> {
    return this.metadata.configuration;
  }

  /** Live files. Throws `refusal` when there is one. */
  get files(): readonly IAddFile[] {
    if (this.refusal !== null) {
      throw this.refusal;
    }
    return this.live;
  }

  /** Files that it keeps in memory, whether they may be read or not. */
  get held(): number {
    return this.live.length;
  }

  private readonly live: readonly IAddFile[];
}

export interface ISnapshotOptions {
  /** Whether files come with their statistics, which are most of a large log. Default true. */
  statistics?: boolean;
}

/**
 * The snapshot of a version, the newest when none is given. Null when there is no Delta table at the location.
 *
 * Throws `not_found` for a version that does not exist any more or yet, `store_failed` for a damaged log.
 */
export async function openSnapshot(
  engine: IEngine,
  table: string,
  version: number | null,
  signal: AbortSignal,
  { statistics = true }: ISnapshotOptions = {}
): Promise<Snapshot | null> {
  const found = await findLogSegment(engine.store, table, version, signal);
  if (found === null) {
    return null;
  }
  const { segment, checkpoint } = await readSoundCheckpoint(engine, table, found, statistics, signal);
  const commits = await Promise.all(segment.replay.map(commit => readCommit(engine, table, commit, signal)));
  const replay = new Replay(table);
  for (let i = commits.length - 1; i >= 0; i--) {
    replay.take(commits[i] ?? [], segment.replay[i]?.last ?? null);
  }
  replay.takeCheckpoint(checkpoint);
  return new Snapshot(table, segment, replay.state());
}

const NOTHING: ICheckpointContent = { files: [], others: [] };

/** The segment's checkpoint. A damaged or incomplete one is no loss while older files still make the version. */
async function readSoundCheckpoint(
  engine: IEngine,
  table: string,
  found: ILogSegment,
  statistics: boolean,
  signal: AbortSignal
): Promise<{ segment: ILogSegment; checkpoint: ICheckpointContent }> {
  let failure: unknown = null;
  for (let segment: ILogSegment | null = found; segment !== null;) {
    if (segment.checkpoint === null) {
      return { segment, checkpoint: NOTHING };
    }
    try {
      return { segment, checkpoint: await readCheckpoint(engine, table, segment.checkpoint, statistics, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TwinstoreError) || !['store_failed', 'not_found'].includes(error.code)) {
        throw error;
      }
      failure ??= error;
      segment = await findOlderSegment(engine.store, table, segment, signal);
    }
  }
  throw failure;
}

/** All actions of one JSON file of the log. */
export async function readCommit(
  engine: IEngine,
  table: string,
  { entry }: ICommitFile,
  signal: AbortSignal
): Promise<Action[]> {
  const location = below(logFolder(table), entry.name);
  return parseActions(await readWhole(engine.store, location, entry.size, signal), location);
}
