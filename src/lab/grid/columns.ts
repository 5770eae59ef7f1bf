import type { TranslationBundle } from '@jupyterlab/translation';
import { DataType } from 'apache-arrow';
import type { Field } from 'apache-arrow';

/** What a column is called, and what its header tells beside the name. */
export interface IGridColumn {
  name: string;
  /** As Spark SQL writes it. */
  type: string;
  isNullable: boolean;
  isPartition: boolean;
}

/** The columns of an Arrow schema, for rows of which nothing else is known. */
export function columnsOf(fields: readonly Field[]): IGridColumn[] {
  return fields.map(field => ({
    name: field.name,
    type: typeName(field.type),
    isNullable: field.nullable,
    isPartition: false
  }));
}

/** The second line of a header: the type, and what else is to be known. */
export function typeLine({ type, isNullable, isPartition }: IGridColumn, trans: TranslationBundle): string {
  return [type, isPartition && trans.__('partition'), !isNullable && trans.__('not null')].filter(Boolean).join(' · ');
}

/** Whether the values of a column stand flush right. */
export function isNumeric({ type }: IGridColumn): boolean {
  return /^(tinyint|smallint|int|bigint|float|double|decimal\b.*)$/.test(type);
}

/** Whether the values of a column have an order. */
export function hasOrder({ type }: IGridColumn): boolean {
  return !/^(array|map|struct)\b/.test(type);
}

/** The Spark SQL name of the types that rows can have. */
function typeName(type: DataType): string {
  if (DataType.isInt(type)) {
    return { 8: 'tinyint', 16: 'smallint', 32: 'int', 64: 'bigint' }[type.bitWidth];
  }
  if (DataType.isFloat(type)) {
    return type.precision === 2 ? 'double' : 'float';
  }
  if (DataType.isDecimal(type)) {
    return `decimal(${type.precision},${type.scale})`;
  }
  if (DataType.isTimestamp(type)) {
    return type.timezone ? 'timestamp' : 'timestamp_ntz';
  }
  const children = (type.children ?? []) as Field[];
  if (DataType.isList(type)) {
    return `array<${children.map(inner).join()}>`;
  }
  if (DataType.isMap(type)) {
    return `map<${((children[0]?.type.children ?? []) as Field[]).map(inner).join()}>`;
  }
  if (DataType.isStruct(type)) {
    return `struct<${children.map(field => `${field.name}:${inner(field)}`).join()}>`;
  }
  return SIMPLE.find(([is]) => is(type))?.[1] ?? String(type);
}

function inner({ type }: Field): string {
  return typeName(type);
}

const SIMPLE: readonly [(type: DataType) => boolean, string][] = [
  [type => DataType.isUtf8(type), 'string'],
  [type => DataType.isBinary(type), 'binary'],
  [type => DataType.isBool(type), 'boolean'],
  [type => DataType.isDate(type), 'date'],
  [type => DataType.isNull(type), 'void']
];
