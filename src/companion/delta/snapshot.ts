import { TwinstoreError } from '../../contract';
import { CHECKPOINT_COLUMNS, damaged, METADATA_COLUMNS, parseActions } from './actions';
import type { Action, IAddFile, IMetadata, IProtocol, ITxn } from './actions';
import { readCheckpoint } from './checkpoint';
import type { ICheckpointContent } from './checkpoint';
import { mappingMode } from './column_mapping';
import type { IEngine } from './engine';
import { liveRowsOf } from './file_statistics';
import { findLogSegment, findOtherSegment, logFolder } from './log_segment';
import type { ICheckpoint, ICommitFile, ILogSegment } from './log_segment';
import { readerRefusal } from './protocol_gate';
import { Replay } from './replay';
import type { ITableState } from './replay';
import { parseSchema } from './schema';
import type { ISchemaField } from './schema';
import { below, readWhole, sideBySide } from './store';

/** A Delta table at one version. Immutable. */
export class Snapshot {
  constructor(
    /** Canonical location. */
    readonly table: string,
    readonly segment: ILogSegment,
    state: ITableState,
    hasFiles: boolean
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
    this.schema = parseSchema(state.metadata.schemaString, table, mappingMode(this.properties) !== 'none');
    this.txns = state.txns;
    this.refusal = readerRefusal(table, state);
    this.live = hasFiles ? state.files : null;
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
    if (this.live === null) {
      throw new Error('The snapshot was opened without its files.');
    }
    return this.live;
  }

  /** Live rows; null unless every file has statistics. They are counted once, for that takes all statistics. */
  get rows(): number | null {
    this.counted ??= { rows: liveRowsOf(this.files) };
    return this.counted.rows;
  }

  /** Files that it keeps in memory, whether they may be read or not. */
  get held(): number {
    return this.live?.length ?? 0;
  }

  private readonly live: readonly IAddFile[] | null;
  private counted: { rows: number | null } | null = null;
}

export interface ISnapshotOptions {
  /** Whether files come with their statistics, which are most of a large log. Default true. */
  statistics?: boolean;
  /** Whether files come at all: protocol and metadata take next to nothing of a checkpoint. Default true. */
  files?: boolean;
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
  { statistics = true, files = true }: ISnapshotOptions = {}
): Promise<Snapshot | null> {
  const found = await findLogSegment(engine.store, table, version, signal);
  if (found === null) {
    return null;
  }
  const isWanted = (path: string) =>
    files ? CHECKPOINT_COLUMNS.has(path) && (statistics || path !== 'add.stats') : METADATA_COLUMNS.has(path);
  const { segment, checkpoint } = await readSoundCheckpoint(engine, table, found, isWanted, signal);
  const commits = await sideBySide(segment.replay, signal, (commit, either) =>
    readCommit(engine, table, commit, either)
  );
  const replay = new Replay(table);
  for (let i = commits.length - 1; i >= 0; i--) {
    replay.take(commits[i] ?? [], segment.replay[i]?.last ?? null);
  }
  replay.takeCheckpoint(checkpoint);
  return new Snapshot(table, segment, replay.state(), files);
}

const NOTHING: ICheckpointContent = { files: [], others: [] };

/** The segment's checkpoint. A damaged or incomplete one is no loss while other files still make the version. */
async function readSoundCheckpoint(
  engine: IEngine,
  table: string,
  found: ILogSegment,
  isWanted: (path: string) => boolean,
  signal: AbortSignal
): Promise<{ segment: ILogSegment; checkpoint: ICheckpointContent }> {
  let failure: unknown = null;
  const tried: ICheckpoint[] = [];
  for (let segment: ILogSegment | null = found; segment !== null;) {
    if (segment.checkpoint === null) {
      return { segment, checkpoint: NOTHING };
    }
    try {
      return { segment, checkpoint: await readCheckpoint(engine, table, segment.checkpoint, isWanted, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TwinstoreError) || !['store_failed', 'not_found'].includes(error.code)) {
        throw error;
      }
      failure ??= error;
      tried.push(segment.checkpoint);
      segment = await findOtherSegment(engine.store, table, segment.version, tried, signal);
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
