import { damaged } from './actions';

/** A data type as the log writes it: a name such as `decimal(10,2)`, or nested (PROTOCOL.md, Schema Serialization Format). */
export type DeltaType = string | IArrayType | IMapType | IStructType | IOtherType;

export interface IArrayType {
  readonly type: 'array';
  readonly elementType: DeltaType;
  readonly containsNull: boolean;
}

export interface IMapType {
  readonly type: 'map';
  readonly keyType: DeltaType;
  readonly valueType: DeltaType;
  readonly valueContainsNull: boolean;
}

export interface IStructType {
  readonly type: 'struct';
  readonly fields: readonly ISchemaField[];
}

/** A type that is not known here, such as a user-defined one. */
export interface IOtherType {
  readonly type: 'other';
  readonly text: string;
}

export interface ISchemaField {
  name: string;
  type: DeltaType;
  nullable: boolean;
  metadata: Readonly<Record<string, unknown>>;
}

/**
 * Columns of a table from `metaData.schemaString`; none when it is null.
 *
 * @param isMapped Whether the table maps its columns: else ids and physical names that a schema has all the same are no
 * reader's business (PROTOCOL.md, Column Mapping), and left out.
 */
export function parseSchema(text: string | null, table: string, isMapped: boolean): ISchemaField[] {
  if (text === null) {
    return [];
  }
  const read = (key: string, value: unknown) =>
    key.startsWith('delta.columnMapping.') && !isMapped ? undefined : value;
  try {
    return parseFields(JSON.parse(text, read));
  } catch (cause) {
    throw damaged(table, 'the schema cannot be read', cause);
  }
}

function parseFields(struct: unknown): ISchemaField[] {
  return (struct as { fields: unknown[] }).fields.map(field => {
    const { name, type, nullable, metadata } = field as Partial<ISchemaField>;
    if (typeof name !== 'string' || type === undefined) {
      throw new SyntaxError('a field has no name or no type');
    }
    return { name, type: parseType(type), nullable: nullable ?? true, metadata: metadata ?? {} };
  });
}

function parseType(type: unknown): DeltaType {
  if (typeof type === 'string') {
    return type;
  }
  const { type: kind, ...rest } = type as Record<string, unknown>;
  switch (kind) {
    case 'array':
      return { type: kind, elementType: parseType(rest['elementType']), containsNull: rest['containsNull'] !== false };
    case 'map':
      return {
        type: kind,
        keyType: parseType(rest['keyType']),
        valueType: parseType(rest['valueType']),
        valueContainsNull: rest['valueContainsNull'] !== false
      };
    case 'struct':
      return { type: kind, fields: parseFields(type) };
    default:
      return { type: 'other', text: JSON.stringify(type) };
  }
}

/** A type as Spark writes it in SQL: `array<struct<a:int>>`. */
export function typeName(type: DeltaType): string {
  if (typeof type === 'string') {
    return SQL_NAMES[type] ?? type;
  }
  switch (type.type) {
    case 'array':
      return `array<${typeName(type.elementType)}>`;
    case 'map':
      return `map<${typeName(type.keyType)},${typeName(type.valueType)}>`;
    case 'struct':
      return `struct<${type.fields.map(({ name, type: inner }) => `${name}:${typeName(inner)}`).join(',')}>`;
    case 'other':
      return type.text;
  }
}

const SQL_NAMES: Readonly<Record<string, string>> = {
  byte: 'tinyint',
  short: 'smallint',
  integer: 'int',
  long: 'bigint'
};
