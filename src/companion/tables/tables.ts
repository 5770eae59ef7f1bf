import { TwinstoreError } from '../../contract';
import type {
  IErrorBody,
  IPreviewRequest,
  IStatisticsRequest,
  ITableAnswer,
  ITableColumn,
  ITableCommit,
  ITableFile,
  ITableFilesAnswer,
  ITableHistoryAnswer,
  ITableRequest,
  ITablesAnswer
} from '../../contract';
import { canonical, deletedOf, isWithin, physicalName, recordsOf, resolveLogPath, typeName } from '../delta';
import type { IAddFile, ICommit, IEngine, ISchemaField, Snapshot } from '../delta';
import type { Parts } from '../streamed';
import { groupOf, OpenTable } from './open_table';
import { Places } from './places';
import { previewParts } from './preview_stream';
import { statisticsParts } from './statistics_stream';

/** Tables that are kept open. */
const MAX_TABLES = 16;
/** Files of them all that are held in memory: about 1 KB each. */
const MAX_HELD = 200_000;

/** The Delta tables under the configured roots, feature groups or not. */
export class Tables {
  /**
   * @param roots Canonical.
   * @param toBody The error as it may leave the process.
   */
  constructor(
    private readonly engine: IEngine,
    roots: readonly string[],
    private readonly toBody: (error: unknown) => IErrorBody
  ) {
    this.places = new Places(engine, roots);
  }

  /** One level below a folder; the roots when none is named. Throws `forbidden` outside of the roots. */
  async list(location: string | null, signal: AbortSignal): Promise<ITablesAnswer> {
    return location === null ? this.places.top(signal) : this.places.under(canonical(location), signal);
  }

  /** What a table is at a version; of one whose rows cannot be read, why. Throws `not_found` where there is none. */
  get(request: ITableRequest, signal: AbortSignal): Promise<ITableAnswer> {
    return this.with(request.location, async table => {
      const { snapshot, head } = await table.at(request, signal);
      const { metadata, protocol, properties, refusal } = snapshot;
      const files = refusal === null ? snapshot.files : null;
      return {
        location: table.location,
        version: snapshot.version,
        head: head.version,
        committed_us: await table.committedUs(snapshot, signal),
        id: metadata.id,
        name: metadata.name,
        description: metadata.description,
        columns: snapshot.schema.map(field => columnOf(field, metadata.partitionColumns)),
        properties: { ...properties },
        protocol: {
          reader: protocol.minReaderVersion,
          writer: protocol.minWriterVersion,
          reader_features: [...protocol.readerFeatures],
          writer_features: [...protocol.writerFeatures]
        },
        files: files && files.length,
        bytes: files && bytesOf(files),
        rows: files && snapshot.rows,
        group: groupOf(snapshot),
        refusal: refusal && this.toBody(refusal)
      };
    });
  }

  /** The newest commits of a table, newest first, and what of them is online. */
  history(location: string, limit: number, signal: AbortSignal): Promise<ITableHistoryAnswer> {
    return this.with(location, async table => {
      const head = await table.head(signal);
      const commits = (await table.commits(head, limit, signal)).map(commitOf);
      const runs = new Set(commits.flatMap(({ run_id }) => run_id ?? []));
      return { commits, ...(await table.ledger(head, runs, signal)) };
    });
  }

  /** The largest live files of a version. Throws `unsupported` for a table whose files are not known here. */
  files(request: ITableRequest, limit: number, signal: AbortSignal): Promise<ITableFilesAnswer> {
    return this.with(request.location, async table => {
      const { snapshot } = await table.at(request, signal);
      const { files } = snapshot;
      const largest = [...files].sort((a, b) => b.size - a.size).slice(0, limit);
      return { files: largest.map(file => fileOf(file, snapshot)), total: files.length, bytes: bytesOf(files) };
    });
  }

  /**
   * Some rows of a table. Throws `bad_request` for what makes no sense, `unsupported` for what is not read, `conflict`
   * for a table of another id than the one that is asked for.
   */
  async *preview(request: IPreviewRequest, signal: AbortSignal): Parts {
    const { snapshot } = await this.with(request.location, table => table.at(request, signal));
    if (request.table_id !== undefined && request.table_id !== snapshot.metadata.id) {
      throw new TwinstoreError(
        'conflict',
        `${snapshot.table} was made anew since rows of it were read.`,
        'Read its rows again from the start.'
      );
    }
    return yield* previewParts(this.engine, snapshot, request, signal);
  }

  /** Statistics of a table's columns. Throws as `preview`. */
  async *statistics(request: IStatisticsRequest, signal: AbortSignal): Parts {
    const { snapshot } = await this.with(request.location, table => table.at(request, signal));
    return yield* statisticsParts(this.engine, snapshot, request, signal);
  }

  /** Works with a table, which stays open until others need its place. */
  private async with<T>(text: string, work: (table: OpenTable) => Promise<T>): Promise<T> {
    const location = canonical(text);
    const table = this.open.get(location) ?? new OpenTable(this.engine, location);
    const answer = await work(table);
    this.open.delete(location);
    this.open.set(location, table);
    let held = [...this.open.values()].reduce((sum, each) => sum + each.held, 0);
    for (const [oldest, { held: files }] of this.open) {
      if (this.open.size <= MAX_TABLES && (held <= MAX_HELD || this.open.size === 1)) {
        break;
      }
      this.open.delete(oldest);
      held -= files;
    }
    return answer;
  }

  private readonly places: Places;
  /** By location, those used last at the end. */
  private readonly open = new Map<string, OpenTable>();
}

function columnOf({ name, type, nullable, metadata }: ISchemaField, partitions: readonly string[]): ITableColumn {
  const { comment } = metadata;
  return {
    name,
    type: typeName(type),
    nullable,
    partition: partitions.includes(name),
    comment: typeof comment === 'string' ? comment : null
  };
}

function commitOf(commit: ICommit): ITableCommit {
  const { version, timestampMs, operation, parameters, metrics, engine, filesAdded, filesRemoved } = commit;
  return {
    version,
    committed_us: timestampMs * 1000,
    operation,
    parameters,
    metrics,
    engine,
    files_added: filesAdded,
    files_removed: filesRemoved,
    run_id: runOf(commit)
  };
}

/** Twinstore's own commits say so in their user metadata: `{"twinstore": {"run": …}}`. */
function runOf({ userMetadata }: ICommit): string | null {
  try {
    const run = (JSON.parse(userMetadata ?? 'null') as { twinstore?: { run?: unknown } } | null)?.twinstore?.run;
    return typeof run === 'string' ? run : null;
  } catch {
    // Any writer may put any text there.
    return null;
  }
}

function fileOf(file: IAddFile, { schema, table, metadata }: Snapshot): ITableFile {
  const partition = schema
    .filter(({ name }) => metadata.partitionColumns.includes(name))
    .map(field => [field.name, file.partitionValues[physicalName(field)] ?? null]);
  return {
    path: pathIn(table, resolveLogPath(table, file.path)),
    bytes: file.size,
    rows: recordsOf(file),
    deleted: deletedOf(file),
    partition: Object.fromEntries(partition) as ITableFile['partition'],
    modified_us: file.modificationTime === null ? null : file.modificationTime * 1000
  };
}

/** Relative to the table where it lies in it. */
function pathIn(table: string, location: string): string {
  return isWithin(table, location) ? location.slice(table.length + 1) : location;
}

function bytesOf(files: readonly IAddFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
