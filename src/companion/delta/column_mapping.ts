import { TwinstoreError } from '../../contract';
import { deltaProperty } from './properties';
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

/** How the columns of a table with these properties are mapped: `none`, `name`, `id`, or what the protocol does not know. */
export function mappingMode(properties: Readonly<Record<string, string>>): string {
  return deltaProperty(properties, 'delta.columnMapping.mode') ?? 'none';
}

/**
 * How columns are found in the data files of a table with these properties.
 *
 * Throws `unsupported` for a mode that the protocol does not know.
 */
export function columnFinder(table: string, properties: Readonly<Record<string, string>>): FindColumn {
  const mode = mappingMode(properties);
  switch (mode) {
    case 'none':
    case 'name':
      return (field, among) => placeOf(physicalName(field), among);
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
  return mappingMode(properties) === 'id';
}

/** Where no column has the very name, the only one that differs by case has it, as in Spark. */
function placeOf(wanted: string, among: readonly IFileColumn[]): number {
  const exact = among.findIndex(({ name }) => name === wanted);
  if (exact >= 0) {
    return exact;
  }
  const isAlike = ({ name }: IFileColumn) => name.toLowerCase() === wanted.toLowerCase();
  const place = among.findIndex(isAlike);
  return place === among.findLastIndex(isAlike) ? place : -1;
}
