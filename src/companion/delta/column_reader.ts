import { RecordBatch, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import {
  arrowType,
  conform,
  hasLegacyValue,
  hasLongValue,
  laidOut,
  MAX_VALUE_BYTES,
  nulls,
  take,
  TypeMismatch
} from './arrow';
import { columnFinder, findsById } from './column_mapping';
import type { FindColumn } from './column_mapping';
import type { IColumn, ParquetFile } from './parquet';
import { partitionValue } from './partition_values';
import type { IProjection } from './projection';
import type { ISchemaField } from './schema';

/** Rows of a batch, at most. */
const BATCH_ROWS = 65_536;
/** Of one with dictionaries, which come anew with each batch. */
const ENCODED_ROWS = 1_048_576;
/** Uncompressed bytes that are read and decoded at a time, about; more only of columns that cannot be read in parts. */
const WINDOW_BYTES = 64 * 1024 * 1024;

const LEGACY =
  'it has dates before 1582-10-15 or timestamps before 1900-01-01, which Spark wrote in its calendar of before version 3';

/** Turns what a file holds into what the table's schema says. */
export class ColumnReader {
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

  /** Rows to read at a time, and to give at a time; and the columns that are only to be had in whole chunks. */
  sizes(group: number): { windowRows: number; batchRows: number; whole: readonly IColumn[] } {
    const { found, parquet, projection } = this;
    const rows = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, parquet.bytesPerRow(found, group))));
    const batchRows = Math.min(projection.encoded === true ? ENCODED_ROWS : BATCH_ROWS, rows);
    const whole = found.filter(column => !parquet.isSplittable(column, group));
    return { windowRows: rows - (rows % batchRows), batchRows, whole };
  }

  /**
   * @param columns Those found, in their order.
   * @param places Of the rows to keep; null for all.
   */
  batch(columns: readonly Data[], count: number, places: Uint32Array | null): RecordBatch {
    const children = this.sources.map(source => {
      if ('constant' in source) {
        return take(source.constant, new Uint32Array(count));
      }
      const column = this.conformed(columns[source.place] as Data, source.field, this.found[source.place] as IColumn);
      return places === null ? column : take(column, places);
    });
    const { schema } = this.projection;
    return new RecordBatch(schema, laidOut(new Struct(schema.fields), count, { nullCount: 0, children }));
  }

  private conformed(column: Data, { name, type }: ISchemaField, source: IColumn): Data {
    try {
      if (hasLegacyValue(column, this.parquet.legacyOf(source))) {
        throw new TypeMismatch(LEGACY);
      }
      if (hasLongValue(column)) {
        throw new TypeMismatch(`it has a value of more than ${MAX_VALUE_BYTES} bytes`);
      }
      return conform(column, type, this.find);
    } catch (cause) {
      throw cause instanceof TypeMismatch ? misfit(this.parquet.location, name, cause) : cause;
    }
  }

  private readonly find: FindColumn;
  private readonly sources: ({ field: ISchemaField; place: number } | { field: ISchemaField; constant: Data })[] = [];
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
