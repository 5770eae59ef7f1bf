import { Schema } from 'apache-arrow';
import type { RecordBatch } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import { arrowField } from './arrow';
import { readDataFile } from './data_file';
import type { IProjection } from './data_file';
import type { IEngine } from './engine';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';

export interface IScanOptions {
  /** Names, in the order wanted; all columns of the schema when absent. */
  columns?: readonly string[];
  /** Rows, at most. */
  limit?: number;
}

/** Reading the rows of a snapshot, batch by batch. */
export class Scan {
  /** Throws `bad_request` for a column that is not there, `unsupported` for a table or a type that is not read. */
  constructor(
    private readonly engine: IEngine,
    snapshot: Snapshot,
    private readonly options: IScanOptions = {}
  ) {
    const fields = options.columns?.map(name => fieldOf(snapshot, name)) ?? snapshot.schema;
    this.schema = schemaOf(fields);
    this.projection = { snapshot, fields, schema: this.schema };
    this.files = snapshot.files;
  }

  readonly schema: Schema;
  /** Files that may hold wanted rows. */
  readonly files: readonly IAddFile[];

  /** Nothing is read before a batch is asked for; leaving the loop stops the reading. */
  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void, undefined> {
    let left = this.options.limit ?? Infinity;
    for (const file of this.files) {
      if (left <= 0) {
        return;
      }
      for await (const batch of readDataFile(this.engine, this.projection, file, left, signal)) {
        left -= batch.numRows;
        yield batch;
      }
    }
  }

  private readonly projection: IProjection;
}

/** The Arrow schema of some columns. */
export function schemaOf(fields: readonly ISchemaField[]): Schema {
  return new Schema(fields.map(arrowField));
}

function fieldOf({ schema, table }: Snapshot, name: string) {
  const field = schema.find(candidate => candidate.name === name);
  if (field === undefined) {
    const names = schema.map(candidate => candidate.name).join(', ');
    throw new TwinstoreError('bad_request', `${table} has no column ${name}.`, `Its columns are ${names}.`);
  }
  return field;
}
