import { RecordBatch, Schema, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import { arrowField, laidOut, take } from './arrow';
import { readDataFile } from './data_file';
import type { IProjection } from './data_file';
import type { IEngine } from './engine';
import { bind, fieldsOf, matching } from './filter';
import type { Condition } from './filter';
import type { Predicate } from './predicate';
import type { ISchemaField } from './schema';
import { mayMatch } from './skipping';
import type { Snapshot } from './snapshot';

export interface IScanOptions {
  /** Names, in the order wanted; all columns of the schema when absent. */
  columns?: readonly string[];
  /** Only rows for which this is true. */
  where?: Predicate;
  /** Rows, at most. */
  limit?: number;
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
    { columns, where, limit = Infinity }: IScanOptions = {}
  ) {
    const fieldOf = (name: string) => findField(snapshot, name);
    const fields = columns?.map(fieldOf) ?? snapshot.schema;
    const condition = where === undefined ? null : bind(where, fieldOf);
    const asked = condition === null ? [] : fieldsOf(condition).filter(field => !fields.includes(field));
    const read = [...fields, ...new Set(asked)];
    this.schema = schemaOf(fields);
    this.projection = { snapshot, fields: read, schema: schemaOf(read) };
    this.condition = condition;
    this.limit = limit;
    this.files =
      condition === null ? snapshot.files : snapshot.files.filter(file => mayMatch(condition, file, snapshot));
  }

  /** Of what `batches` gives. */
  readonly schema: Schema;
  /** Files that may hold wanted rows. */
  readonly files: readonly IAddFile[];

  /** Nothing is read before a batch is asked for; leaving the loop stops the reading. */
  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void, undefined> {
    let left = this.limit;
    for (const file of this.files) {
      if (left <= 0) {
        return;
      }
      const wanted = this.condition === null ? left : Infinity;
      for await (const read of readDataFile(this.engine, this.projection, file, wanted, signal)) {
        const batch = this.condition === null ? read : this.filtered(read, this.condition, left);
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

  /** The rows that satisfy the condition, without the columns that only it needs. */
  private filtered(batch: RecordBatch, condition: Condition, most: number): RecordBatch {
    const places = matching(condition, batch).subarray(0, most);
    const children = this.schema.fields.map((_, i) => take(batch.data.children[i] as Data, places));
    const layout = { nullCount: 0, children };
    return new RecordBatch(this.schema, laidOut(new Struct(this.schema.fields), places.length, layout));
  }

  private readonly projection: IProjection;
  private readonly condition: Condition | null;
  private readonly limit: number;
}

/** The Arrow schema of some columns. */
export function schemaOf(fields: readonly ISchemaField[]): Schema {
  return new Schema(fields.map(arrowField));
}

function findField({ schema, table }: Snapshot, name: string): ISchemaField {
  const field = schema.find(candidate => candidate.name === name);
  if (field === undefined) {
    const names = schema.map(candidate => candidate.name).join(', ');
    throw new TwinstoreError('bad_request', `${table} has no column ${name}.`, `Its columns are ${names}.`);
  }
  return field;
}
