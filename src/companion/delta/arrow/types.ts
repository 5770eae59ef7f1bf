import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  List,
  Map_,
  Null,
  Struct,
  TimestampMicrosecond,
  Utf8
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';

import { TwinstoreError } from '../../../contract';
import { typeName } from '../schema';
import type { DeltaType, ISchemaField } from '../schema';

const ATOMS: Readonly<Record<string, () => DataType>> = {
  boolean: () => new Bool(),
  byte: () => new Int8(),
  short: () => new Int16(),
  integer: () => new Int32(),
  long: () => new Int64(),
  float: () => new Float32(),
  double: () => new Float64(),
  string: () => new Utf8(),
  binary: () => new Binary(),
  date: () => new DateDay(),
  timestamp: () => new TimestampMicrosecond('UTC'),
  timestamp_ntz: () => new TimestampMicrosecond(),
  // Spark's NullType, which has two names in schemas.
  void: () => new Null(),
  null: () => new Null()
};

/** The Arrow field of a Delta column. Throws `unsupported` for types that are not read. */
export function arrowField({ name, type, nullable }: ISchemaField): Field {
  return new Field(name, arrowType(type, name), nullable);
}

/** @param column What errors call it. */
export function arrowType(type: DeltaType, column: string): DataType {
  if (typeof type === 'string') {
    const atom = Object.hasOwn(ATOMS, type) ? ATOMS[type] : undefined;
    return atom?.() ?? decimalType(type) ?? refuse(type, column);
  }
  switch (type.type) {
    case 'array':
      return new List(new Field('element', arrowType(type.elementType, column), type.containsNull));
    case 'map': {
      const key = new Field('key', arrowType(type.keyType, column), false);
      const value = new Field('value', arrowType(type.valueType, column), type.valueContainsNull);
      return new Map_(new Field('entries', new Struct<{ key: DataType; value: DataType }>([key, value]), false));
    }
    case 'struct':
      return new Struct(type.fields.map(arrowField));
    case 'other':
      return refuse(type, column);
  }
}

/** At most 38 digits, as Spark has them. */
function decimalType(type: string): DataType | null {
  const [, precision = '', scale = ''] = /^decimal\((\d+), ?(-?\d+)\)$/.exec(type) ?? [];
  return precision === '' || Number(precision) > 38 ? null : new Decimal(Number(scale), Number(precision), 128);
}

function refuse(type: DeltaType, column: string): never {
  throw new TwinstoreError(
    'unsupported',
    `The column ${column} is of type ${typeName(type)}, which is not read here.`,
    'Leave the column out, or read the table with Spark.',
    { side: 'twinstore' }
  );
}
