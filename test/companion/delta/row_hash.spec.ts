import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { DecimalValue, rowHash } from '../../../src/companion/delta';
import type { DeltaType, Row, Value } from '../../../src/companion/delta';
import { fieldOf } from '../support/spark_types';

interface IVector {
  title: string;
  features: { name: string; type: string; value: string | null }[];
  hash: string;
}

const FILE = resolve(__dirname, '..', '..', 'vectors', 'row_hash.json');
const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: IVector[] };

/** The value that a text of the vectors writes. */
function valueOf(text: string | null, type: DeltaType): Value {
  if (text === null) {
    return null;
  }
  if (typeof type !== 'string') {
    return nested(JSON.parse(text), type);
  }
  const [, , scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (scale !== undefined) {
    const [, after = ''] = text.split('.');
    return new DecimalValue(BigInt(text.replace('.', '') + '0'.repeat(Number(scale) - after.length)), Number(scale));
  }
  switch (type) {
    case 'string':
      return text;
    case 'binary':
      return Buffer.from(text, 'hex');
    case 'boolean':
      return text === 'true';
    case 'date':
      return Date.parse(`${text}T00:00:00Z`) / 86_400_000;
    case 'long':
    case 'timestamp':
    case 'timestamp_ntz':
      return BigInt(text);
    case 'float':
      return Math.fround(Number(text));
    default:
      return Number(text);
  }
}

function nested(value: unknown, type: DeltaType): Value {
  if (value === null || typeof type === 'string') {
    return value as Value;
  }
  switch (type.type) {
    case 'array':
      return (value as unknown[]).map(item => nested(item, type.elementType));
    case 'map':
      return new Map(Object.entries(value as object).map(([key, item]) => [key, nested(item, type.valueType)]));
    default:
      return value as Value;
  }
}

test.each(cases)('the row hash of $title is that of Spark', ({ features, hash }) => {
  const fields = features.map(({ name, type }) => fieldOf(name, type));
  const row = Object.fromEntries(
    fields.map(({ name, type }, i) => [name, valueOf(features[i]?.value ?? null, type)])
  ) as Row;
  expect(String(rowHash(fields, row))).toBe(hash);
});

test('the row hash refuses nested values whose JSON only Spark writes', () => {
  expect(() => rowHash([fieldOf('a', 'array<double>')], { a: [0.1] })).toThrow(/nested values of type double/);
  expect(() => rowHash([fieldOf('a', 'map<int,int>')], { a: new Map([[1, 2]]) })).toThrow(/type map<int,int>/);
});
