import { damaged } from './actions';

/** A data type as the log writes it: a name, or an object for nested types (PROTOCOL.md, Schema Serialization Format). */
export type DeltaType = string | { readonly type: string; readonly [field: string]: unknown };

export interface ISchemaField {
  name: string;
  type: DeltaType;
  nullable: boolean;
  metadata: Readonly<Record<string, unknown>>;
}

/** Columns of a table from `metaData.schemaString`; none when it is null. */
export function parseSchema(text: string | null, table: string): ISchemaField[] {
  if (text === null) {
    return [];
  }
  try {
    const { fields } = JSON.parse(text) as { fields: unknown[] };
    return fields.map(field => {
      const { name, type, nullable, metadata } = field as Partial<ISchemaField>;
      if (typeof name !== 'string' || type === undefined) {
        throw new SyntaxError('a field has no name or no type');
      }
      return { name, type, nullable: nullable ?? true, metadata: metadata ?? {} };
    });
  } catch (cause) {
    throw damaged(table, 'the schema cannot be read', cause);
  }
}

/** The name by which files, statistics and partition values know a column (PROTOCOL.md, Column Mapping). */
export function physicalName({ name, metadata }: ISchemaField): string {
  const physical = metadata['delta.columnMapping.physicalName'];
  return typeof physical === 'string' ? physical : name;
}
