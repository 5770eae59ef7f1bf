import type { Data, RecordBatch } from 'apache-arrow';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import { ColumnReader } from './column_reader';
import { readDeletionVector } from './deletion_vector';
import type { IEngine } from './engine';
import { recordsOf } from './file_statistics';
import { damagedFile, ParquetFile } from './parquet';
import type { IColumn } from './parquet';
import type { IProjection } from './projection';
import type { Snapshot } from './snapshot';
import { resolveLogPath } from './store';

/** Live rows of a file that stand one after the other. */
export interface ILiveRows {
  batch: RecordBatch;
  /** Number in the file of a row of the batch. */
  rowOf: (i: number) => number;
}

/** Which live rows to read. */
export interface IRowSpan {
  /** Number of the first row in the file. Default 0. */
  from?: number;
  /** Live rows from there on that are left out. Default 0. */
  skip?: number;
  /** Live rows, at most. Default all. */
  most?: number;
}

/** Rows of a file from `from` on, the bytes that they take, and of these the ones to read. */
export interface ICheapSpan {
  from: number;
  bytes: number;
  toRead: number;
}

/** A live file of a table, without the rows that its deletion vector takes away. */
export class DataFile {
  /**
   * Reads footer and deletion vector.
   *
   * Throws `not_found` for a file that is gone, `store_failed` for a damaged one or one of other rows than the log says.
   */
  static async open(engine: IEngine, snapshot: Snapshot, file: IAddFile, signal: AbortSignal): Promise<DataFile> {
    const location = resolveLogPath(snapshot.table, file.path);
    const [parquet, deleted] = await Promise.all([
      openFile(engine, location, file.size, signal),
      file.deletionVector === null
        ? NONE_DELETED
        : readDeletionVector(engine.store, snapshot.table, file.deletionVector, signal)
    ]);
    const data = new DataFile(file, parquet, deleted);
    const told = recordsOf(file) ?? data.rows;
    if (data.rows !== told) {
      throw damagedFile(location, `it has ${data.rows} rows where the log says ${told}`);
    }
    return data;
  }

  private constructor(
    private readonly file: IAddFile,
    private readonly parquet: ParquetFile,
    private readonly deleted: Float64Array
  ) {
    let base = 0;
    this.groups = parquet.rowGroups.map(({ rows }, group) => ({ group, base: (base += rows) - rows, rows }));
    this.rows = base;
  }

  /** Rows, with those that are deleted. */
  readonly rows: number;

  get location(): string {
    return this.parquet.location;
  }

  /** Bytes that were read to open it. */
  get openedBytes(): number {
    return this.parquet.openedBytes;
  }

  get size(): number {
    return this.file.size;
  }

  /** Bytes that reading all rows of some columns takes, about. */
  bytesOf(projection: IProjection): number {
    return this.parquet.bytesOf(new ColumnReader(projection, this.file, this.parquet).found);
  }

  /** Rows that live. */
  get live(): number {
    return this.rows - lowerBound(this.deleted, this.rows);
  }

  /**
   * Live rows, batch by batch, each read only when it is asked for.
   *
   * Throws `unsupported` for types that do not fit.
   */
  async *read(
    projection: IProjection,
    { from = 0, skip = 0, most = Infinity }: IRowSpan,
    signal: AbortSignal
  ): AsyncGenerator<ILiveRows, void, undefined> {
    const reader = new ColumnReader(projection, this.file, this.parquet);
    const wanted = from + this.lengthFor(from, skip, this.rows - from);
    let left = most;
    for (const { group, base, rows } of this.groups) {
      const { windowRows, batchRows, whole } = reader.sizes(group);
      const begin = Math.max(0, wanted - base);
      const end = begin + this.lengthFor(base + begin, left, Math.max(0, rows - begin));
      const read = async (columns: readonly IColumn[], first: number, take: number) => {
        const window = { group, first, take, batchRows, encoded: projection.encoded ?? false };
        const found = await this.parquet.read(columns, window, signal);
        return new Map(columns.map((column, i) => [column, found[i] as Data[]]));
      };
      // What is only to be had as a whole is not decoded again for each of several windows.
      const once = await read(end - begin > windowRows ? whole : [], begin, end - begin);
      const others = reader.found.filter(column => !once.has(column));
      for (let first = begin; first < end; first += windowRows) {
        const length = Math.min(windowRows, end - first);
        const columns = await read(others, first, length);
        for (let at = 0, i = 0; at < length && left > 0; at += batchRows, i++) {
          if (reader.found.length === 0) {
            // Nothing was read, so that nothing else had its turn: a footer may claim any number of rows.
            await nextTurn();
            signal.throwIfAborted();
          }
          const start = base + first + at;
          const { count, places } = this.liveRows(start, Math.min(batchRows, length - at), left);
          left -= count;
          if (count > 0) {
            const before = (first - begin) / batchRows;
            const parts = reader.found.map(
              column => (columns.get(column)?.[i] ?? once.get(column)?.[before + i]) as Data
            );
            yield { batch: reader.batch(parts, count, places), rowOf: j => start + (places?.[j] ?? j) };
          }
        }
      }
    }
  }

  /**
   * Some rows, given by their numbers in ascending order, of which only the pages that hold them are read. Whether they
   * live is the caller's to know.
   */
  async *rowsAt(
    projection: IProjection,
    numbers: readonly number[],
    signal: AbortSignal
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const reader = new ColumnReader(projection, this.file, this.parquet);
    let next = 0;
    for (const { group, base, rows } of this.groups) {
      const { windowRows, batchRows, whole } = reader.sizes(group);
      while (next < numbers.length && (numbers[next] as number) < base + rows) {
        const end = whole.length > 0 ? base + rows : Math.min(base + rows, (numbers[next] as number) + windowRows);
        const places: number[] = [];
        for (; next < numbers.length && (numbers[next] as number) < end && places.length < batchRows; next++) {
          places.push((numbers[next] as number) - base);
        }
        const columns = await this.parquet.readRows(reader.found, group, Uint32Array.from(places), signal);
        yield reader.batch(columns, places.length, null);
      }
    }
  }

  /**
   * Where the live rows are that take the fewest bytes; the first row group's start when there are not enough.
   *
   * @param skip How many of them at the start are not to be read.
   */
  async cheapest(projection: IProjection, wanted: number, skip: number, signal: AbortSignal): Promise<ICheapSpan> {
    const reader = new ColumnReader(projection, this.file, this.parquet);
    const baseOf = (group: number) => this.groups[group]?.base ?? 0;
    const lengthFrom = (group: number, first: number) => {
      const rows = this.groups[group]?.rows ?? 0;
      const length = this.lengthFor(baseOf(group) + first, wanted, rows - first + 1);
      return first + length > rows ? null : length;
    };
    const best = await this.parquet.cheapest(reader.found, lengthFrom, signal);
    if (best === null) {
      return { from: 0, bytes: this.file.size, toRead: this.file.size };
    }
    const { group, first, bytes } = best;
    const from = baseOf(group) + first;
    if (skip === 0) {
      return { from, bytes, toRead: bytes };
    }
    const length = this.lengthFor(from, wanted, Infinity);
    const left = this.lengthFor(from, skip, length);
    return { from, bytes, toRead: this.parquet.bytesOfRows(reader.found, group, first + left, length - left) };
  }

  /** Rows from one on that hold so many live ones, but not more than `most`. */
  private lengthFor(start: number, wanted: number, most: number): number {
    const { deleted } = this;
    let length = wanted;
    for (let next = lowerBound(deleted, start); length < most && (deleted[next] ?? Infinity) < start + length; next++) {
      length++;
    }
    return Math.min(length, most);
  }

  /** Which of the rows [start, start + length) are not deleted, at most `most`; no places when all are not. */
  private liveRows(start: number, length: number, most: number): { count: number; places: Uint32Array | null } {
    const { deleted } = this;
    let next = lowerBound(deleted, start);
    if (length <= most && (deleted[next] ?? Infinity) >= start + length) {
      return { count: length, places: null };
    }
    const places: number[] = [];
    for (let i = 0; i < length && places.length < most; i++) {
      if (deleted[next] === start + i) {
        next++;
      } else {
        places.push(i);
      }
    }
    return { count: places.length, places: Uint32Array.from(places) };
  }

  /** Row groups, and the number of each one's first row in the file. */
  private readonly groups: readonly { group: number; base: number; rows: number }[];
}

/** Some files, each opened while those before it are worked on, at most `ahead` at once. */
export async function* opened(
  engine: IEngine,
  snapshot: Snapshot,
  files: readonly IAddFile[],
  ahead: number,
  signal: AbortSignal
): AsyncGenerator<DataFile, void, undefined> {
  const opening: Promise<DataFile>[] = [];
  for (let next = 0; next < files.length || opening.length > 0;) {
    while (opening.length < ahead && next < files.length) {
      const file = DataFile.open(engine, snapshot, files[next++] as IAddFile, signal);
      // One that nobody waits for any more may fail as it likes.
      file.catch(() => undefined);
      opening.push(file);
    }
    const file = await (opening.shift() as Promise<DataFile>);
    signal.throwIfAborted();
    yield file;
  }
}

const NONE_DELETED = new Float64Array(0);

/** The first index whose value is not less. */
function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

async function openFile(engine: IEngine, location: string, size: number, signal: AbortSignal): Promise<ParquetFile> {
  try {
    return await ParquetFile.open(engine.store, engine.decoder, location, size, signal);
  } catch (error) {
    throw error instanceof TwinstoreError && error.code === 'not_found' ? vacuumed(location, error) : error;
  }
}

function vacuumed(location: string, cause: TwinstoreError): TwinstoreError {
  return new TwinstoreError(
    'not_found',
    `The data file ${location} is gone though the Delta log still names it.`,
    'If VACUUM removed it, read a newer version; else restore it from a copy.',
    { side: 'store', cause }
  );
}
