import { Schema } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import { arrowField } from './arrow';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';

/** What to read of a table's files. */
export interface IProjection {
  snapshot: Snapshot;
  fields: readonly ISchemaField[];
  /** The Arrow schema of these fields. */
  schema: Schema;
  /** Whether text columns may come as Arrow dictionaries all the same. */
  encoded?: boolean;
}

/** The Arrow schema of some columns. */
export function schemaOf(fields: readonly ISchemaField[]): Schema {
  return new Schema(fields.map(arrowField));
}

/** What to read for some columns. */
export function projectionOf(snapshot: Snapshot, fields: readonly ISchemaField[]): IProjection {
  return { snapshot, fields, schema: schemaOf(fields) };
}

/** The columns of these names, all when there are none. Throws `bad_request` for one that is not there. */
export function fieldsNamed(snapshot: Snapshot, names: readonly string[] | undefined): readonly ISchemaField[] {
  return names?.map(name => findField(snapshot, name)) ?? snapshot.schema;
}

/** The column of a name. Throws `bad_request` when it is not there. */
export function findField({ schema, table }: Snapshot, name: string): ISchemaField {
  const field = schema.find(candidate => candidate.name === name);
  if (field === undefined) {
    const names = schema.map(candidate => candidate.name).join(', ');
    throw new TwinstoreError('bad_request', `${table} has no column ${name}.`, `Its columns are ${names}.`);
  }
  return field;
}
