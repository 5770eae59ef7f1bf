import type { RecordBatch, Schema } from 'apache-arrow';

import type { IAddFile } from './actions';
import { opened } from './data_file';
import type { DataFile } from './data_file';
import type { IEngine } from './engine';
import { deletedOf, recordsOf } from './file_statistics';
import { bind } from './filter';
import type { Predicate } from './predicate';
import { fieldsNamed, findField, projectionOf, schemaOf } from './projection';
import type { IProjection } from './projection';
import { Selection } from './selection';
import { mayMatch } from './skipping';
import type { Snapshot } from './snapshot';

/** Files that are opened ahead, for each costs the wait for an answer. */
const WAVE = 4;

export interface IScanOptions {
  /** Names, in the order wanted; all columns of the schema when absent. */
  columns?: readonly string[];
  /** Only rows for which this is true. */
  where?: Predicate;
  /** Rows, at most. */
  limit?: number;
  /** Of these, how many at the start are left out. */
  skip?: number;
  /** Told of each file before its rows come. */
  onFile?: (file: DataFile) => void;
}

/** Files in an order that is the same however the log tells of them, so that some rows of a version are always the same. */
export function inOrder(files: readonly IAddFile[]): readonly IAddFile[] {
  // Each path once: those of a checkpoint are read from its columns when they are asked for.
  const byPath = files.map(file => [file.path, file] as const);
  return byPath.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, file]) => file);
}

/** Reading the rows of a snapshot, batch by batch. */
export class Scan {
  /**
   * Throws `bad_request` for a column that is not there or a literal of another type, `unsupported` for a table or a type
   * that is not read.
   */
  constructor(
    private readonly engine: IEngine,
    snapshot: Snapshot,
    { columns, where, limit = Infinity, skip = 0, onFile }: IScanOptions = {}
  ) {
    const fields = fieldsNamed(snapshot, columns);
    const condition = where === undefined ? null : bind(where, name => findField(snapshot, name));
    this.schema = schemaOf(fields);
    this.snapshot = snapshot;
    this.all = projectionOf(snapshot, fields);
    this.selection = condition && new Selection(snapshot, fields, condition, skip);
    this.limit = limit;
    this.skip = skip;
    this.onFile = onFile;
    const files = limit < Infinity ? inOrder(snapshot.files) : snapshot.files;
    this.files = condition === null ? files : files.filter(file => mayMatch(condition, file, snapshot));
  }

  /** Of what `batches` gives. */
  readonly schema: Schema;
  /** Files that may hold wanted rows. */
  readonly files: readonly IAddFile[];
  /** Those that were looked into, and those that were left out. */
  filesRead = 0;

  /** Nothing is read before a batch is asked for; leaving the loop stops the reading. */
  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void, undefined> {
    let left = this.limit - this.skip;
    // Without a condition the log tells which files hold only rows that are left out.
    let { skip } = this;
    for (const file of this.selection === null ? this.files : []) {
      const live = (recordsOf(file) ?? Infinity) - deletedOf(file);
      if (skip === 0 || skip < live) {
        break;
      }
      skip -= live;
      this.filesRead += 1;
    }
    // Rows without a condition come from one file as a rule; to open others would be in vain.
    const wave = this.selection === null && this.limit < Infinity ? 1 : WAVE;
    for await (const file of opened(this.engine, this.snapshot, this.files.slice(this.filesRead), wave, signal)) {
      this.filesRead += 1;
      this.onFile?.(file);
      const read =
        this.selection === null
          ? file.read(this.all, { skip, most: left }, signal)
          : this.selection.read(file, left, signal);
      skip -= Math.min(skip, file.live);
      for await (const { batch } of read) {
        left -= batch.numRows;
        if (batch.numRows > 0) {
          yield batch;
        }
        if (left <= 0) {
          return;
        }
      }
    }
  }

  private readonly snapshot: Snapshot;
  private readonly all: IProjection;
  private readonly selection: Selection | null;
  private readonly limit: number;
  private readonly skip: number;
  private readonly onFile: IScanOptions['onFile'];
}
