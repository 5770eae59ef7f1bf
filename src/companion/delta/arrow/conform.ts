import { DataType } from 'apache-arrow';
import type { Data, Field } from 'apache-arrow';

import type { FindColumn } from '../column_mapping';
import { typeName } from '../schema';
import type { DeltaType, ISchemaField } from '../schema';
import { cast } from './cast';
import { nulls, relaid } from './layout';
import { arrowType } from './types';

/** A file's column cannot be read as its type in the schema. */
export class TypeMismatch extends Error {}

/**
 * A file's column as the schema has it: columns named and ordered as there, those that the file lacks null, narrower
 * types widened.
 *
 * Throws `TypeMismatch`.
 */
export function conform(source: Data, type: DeltaType, find: FindColumn): Data {
  const target = arrowType(type, '');
  const { type: from, children } = source;
  const [first] = children;
  if (typeof type === 'string') {
    return (from.children?.length ? null : cast(source, target)) ?? mismatch(source, type);
  }
  if (type.type === 'struct' && DataType.isStruct(from)) {
    return relaid(source, target, { children: conformFields(source, type.fields, find) });
  }
  if (type.type === 'array' && DataType.isList(from) && first !== undefined) {
    return relaid(source, target, { children: [conform(first, type.elementType, find)] });
  }
  const [keys, items] = first?.children ?? [];
  if (type.type === 'map' && DataType.isMap(from) && first !== undefined && keys !== undefined && items !== undefined) {
    const entries = [conform(keys, type.keyType, find), conform(items, type.valueType, find)];
    const entriesType = (target.children[0] as Field).type;
    return relaid(source, target, { children: [relaid(first, entriesType, { children: entries })] });
  }
  return mismatch(source, type);
}

/** Where the decoder puts Parquet's field id. */
export const FIELD_ID = 'PARQUET:field_id';

/** The columns of a struct. */
function conformFields(source: Data, fields: readonly ISchemaField[], find: FindColumn): Data[] {
  const among = (source.type.children as Field[]).map(({ name, metadata }) => ({
    name,
    id: metadata.has(FIELD_ID) ? Number(metadata.get(FIELD_ID)) : null
  }));
  return fields.map(field => {
    const child = source.children[find(field, among)];
    return child === undefined
      ? nulls(arrowType(field.type, field.name), source.length)
      : conform(child, field.type, find);
  });
}

function mismatch({ type }: Data, wanted: DeltaType): never {
  throw new TypeMismatch(`it has the Arrow type ${type} where the schema says ${typeName(wanted)}`);
}
