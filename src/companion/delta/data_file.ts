import { RecordBatch, Struct } from 'apache-arrow';
import type { Data, Schema } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import { arrowType, conform, laidOut, nulls, take, TypeMismatch } from './arrow';
import { columnFinder, findsById } from './column_mapping';
import type { FindColumn } from './column_mapping';
import { readDeletionVector } from './deletion_vector';
import type { IEngine } from './engine';
import { ParquetFile } from './parquet';
import type { IColumn } from './parquet';
import { partitionValue } from './partition_values';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';
import { resolveLogPath } from './store';

/** Rows of a batch, at most. */
const BATCH_ROWS = 65_536;
/** Uncompressed bytes that are read and decoded at a time, about; more only where a file cannot be read in parts. */
const WINDOW_BYTES = 64 * 1024 * 1024;

/** What to read of a table's files. */
export interface IProjection {
  snapshot: Snapshot;
  fields: readonly ISchemaField[];
  /** The Arrow schema of these fields. */
  schema: Schema;
}

/**
 * The live rows of one file, batch by batch, each read only when it is asked for.
 *
 * @param wanted Live rows, at most.
 *
 * Throws `not_found` for a file that is gone, `store_failed` for a damaged one, `unsupported` for types that do not fit.
 */
export async function* readDataFile(
  engine: IEngine,
  projection: IProjection,
  file: IAddFile,
  wanted: number,
  signal: AbortSignal
): AsyncGenerator<RecordBatch, void, undefined> {
  const { snapshot } = projection;
  const location = resolveLogPath(snapshot.table, file.path);
  const [parquet, deleted] = await Promise.all([
    openFile(engine, location, file.size, signal),
    file.deletionVector === null
      ? NONE_DELETED
      : readDeletionVector(engine.store, snapshot.table, file.deletionVector, signal)
  ]);
  const reader = new ColumnReader(projection, file, parquet);
  let left = wanted;
  let base = 0;
  for (const [group, { rows }] of parquet.rowGroups.entries()) {
    const { windowRows, batchRows } = reader.sizes(group);
    const gone = lowerBound(deleted, base + rows) - lowerBound(deleted, base);
    for (let first = 0; first < rows && left > 0;) {
      const length = Math.min(windowRows, rows - first, left + gone);
      const columns = await parquet.read(reader.found, { group, first, take: length, batchRows }, signal);
      for (let at = 0, i = 0; at < length && left > 0; at += batchRows, i++) {
        const start = base + first + at;
        const live = liveRows(start, Math.min(batchRows, length - at), deleted, left);
        left -= live.count;
        if (live.count > 0) {
          yield reader.batch(
            columns.map(batches => batches[i] as Data),
            live
          );
        }
      }
      first += length;
    }
    base += rows;
  }
}

const NONE_DELETED = new Float64Array(0);

interface ILiveRows {
  count: number;
  /** Places in the batch; null when all of its rows live. */
  places: Uint32Array | null;
}

/** Which of the rows [start, start + length) of a file are not deleted, at most `most`. */
function liveRows(start: number, length: number, deleted: Float64Array, most: number): ILiveRows {
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

/** Turns what a file holds into what the table's schema says. */
class ColumnReader {
  constructor(
    private readonly projection: IProjection,
    file: IAddFile,
    private readonly parquet: ParquetFile
  ) {
    const { snapshot, fields } = projection;
    this.find = columnFinder(snapshot.table, snapshot.properties);
    const partitions = new Set(snapshot.metadata.partitionColumns);
    const among = parquet.columns.map(({ element }) => ({ name: element.name, id: element.field_id ?? null }));
    if (findsById(snapshot.properties) && among.length > 0 && among.every(({ id }) => id === null)) {
      throw withoutIds(parquet.location);
    }
    for (const field of fields) {
      const column = partitions.has(field.name) ? undefined : parquet.columns[this.find(field, among)];
      if (column !== undefined) {
        this.found.push(column);
        this.sources.push({ field, place: this.found.length - 1 });
      } else if (partitions.has(field.name)) {
        this.sources.push({ field, constant: partitionValue(field, file.partitionValues, snapshot.table) });
      } else {
        // A column that was added later is null in older files.
        this.sources.push({ field, constant: nulls(arrowType(field.type, field.name), 1) });
      }
    }
  }

  /** The columns to read. */
  readonly found: IColumn[] = [];

  /** Rows to read at a time, and to give at a time. */
  sizes(group: number): { windowRows: number; batchRows: number } {
    const { bytesPerRow, isSplittable } = this.parquet.measure(this.found, group);
    const rows = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, bytesPerRow)));
    const batchRows = Math.min(BATCH_ROWS, rows);
    return { windowRows: isSplittable ? rows - (rows % batchRows) : Infinity, batchRows };
  }

  /** @param columns Those found, in their order. */
  batch(columns: readonly Data[], { count, places }: ILiveRows): RecordBatch {
    const children = this.sources.map(source => {
      if ('constant' in source) {
        return take(source.constant, new Uint32Array(count));
      }
      const column = this.conformed(columns[source.place] as Data, source.field);
      return places === null ? column : take(column, places);
    });
    const { schema } = this.projection;
    return new RecordBatch(schema, laidOut(new Struct(schema.fields), count, { nullCount: 0, children }));
  }

  private conformed(column: Data, { name, type }: ISchemaField): Data {
    try {
      return conform(column, type, this.find);
    } catch (cause) {
      throw cause instanceof TypeMismatch ? misfit(this.parquet.location, name, cause) : cause;
    }
  }

  private readonly find: FindColumn;
  private readonly sources: ({ field: ISchemaField; place: number } | { field: ISchemaField; constant: Data })[] = [];
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

function withoutIds(location: string): TwinstoreError {
  return new TwinstoreError(
    'unsupported',
    `The data file ${location} has no field ids, by which this table's columns are found.`,
    'Write the file again with Spark.',
    { side: 'store' }
  );
}

function misfit(location: string, column: string, { message }: TypeMismatch): TwinstoreError {
  return new TwinstoreError(
    'unsupported',
    `The column ${column} of ${location} cannot be read: ${message}.`,
    'Leave the column out, or read the table with Spark.',
    { side: 'store' }
  );
}
