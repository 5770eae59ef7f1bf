import { TwinstoreError } from '../../contract';
import type { ISchemaField } from './schema';

/** A column of a data file. */
export interface IFileColumn {
  name: string;
  /** Parquet's field id. */
  id: number | null;
}

/** Finds the place of a column among those of a file, or of a struct in it; −1 where it is not there. */
export type FindColumn = (field: ISchemaField, among: readonly IFileColumn[]) => number;

/** The name by which files, statistics and partition values know a column (PROTOCOL.md, Column Mapping). */
export function physicalName({ name, metadata }: ISchemaField): string {
  const physical = metadata['delta.columnMapping.physicalName'];
  return typeof physical === 'string' ? physical : name;
}

/**
 * How columns are found in the data files of a table with these properties.
 *
 * Throws `unsupported` for a mode that the protocol does not know.
 */
export function columnFinder(table: string, properties: Readonly<Record<string, string>>): FindColumn {
  const mode = properties['delta.columnMapping.mode'] ?? 'none';
  switch (mode) {
    case 'none':
    case 'name':
      return (field, among) => among.findIndex(({ name }) => name === physicalName(field));
    case 'id':
      return ({ metadata }, among) => among.findIndex(({ id }) => id === metadata['delta.columnMapping.id']);
    default:
      throw new TwinstoreError(
        'unsupported',
        `${table} maps its columns by "${mode}", which is not known here.`,
        'Read it with Spark.',
        { side: 'twinstore' }
      );
  }
}

/** Whether columns are found by Parquet's field ids alone. */
export function findsById(properties: Readonly<Record<string, string>>): boolean {
  return properties['delta.columnMapping.mode'] === 'id';
}
