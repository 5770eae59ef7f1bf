import type { RecordBatch } from 'apache-arrow';

import { compareValues } from '../../arrow';
import { TwinstoreError } from '../../contract';
import { readerOf } from './arrow';
import type { Value } from './arrow';
import { readText } from './partition_values';
import { all, any, not } from './predicate';
import type { Comparison, Predicate, Truth } from './predicate';
import { typeName } from './schema';
import type { ISchemaField } from './schema';

/** A predicate whose columns were found and whose literals have their columns' types. */
export type Condition =
  | { kind: 'and' | 'or'; of: readonly Condition[] }
  | { kind: 'not'; of: Condition }
  | { kind: 'isNull'; field: ISchemaField }
  | { kind: 'compare'; field: ISchemaField; op: Comparison; value: NonNullable<Value> };

/** Throws `bad_request` for a literal that is no value of its column. */
export function bind(predicate: Predicate, fieldOf: (name: string) => ISchemaField): Condition {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return { kind: predicate.kind, of: predicate.of.map(inner => bind(inner, fieldOf)) };
    case 'not':
      return { kind: 'not', of: bind(predicate.of, fieldOf) };
    case 'isNull':
      return { kind: 'isNull', field: fieldOf(predicate.column) };
    case 'compare': {
      const field = fieldOf(predicate.column);
      return { kind: 'compare', field, op: predicate.op, value: literalOf(field, predicate.literal) };
    }
  }
}

/** The columns that a condition needs. */
export function fieldsOf(condition: Condition): ISchemaField[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.flatMap(fieldsOf);
    case 'not':
      return fieldsOf(condition.of);
    default:
      return [condition.field];
  }
}

/** Whether a comparison's outcome (as `compareValues` gives it) satisfies an operator. */
export function satisfies(order: number, op: Comparison): boolean {
  switch (op) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Places of the rows for which a condition is true. */
export function matching(condition: Condition, batch: RecordBatch): Uint32Array {
  const truth = truthOf(condition, batch);
  const places: number[] = [];
  for (let i = 0; i < batch.numRows; i++) {
    if (truth(i) === true) {
      places.push(i);
    }
  }
  return Uint32Array.from(places);
}

function truthOf(condition: Condition, batch: RecordBatch): (i: number) => Truth {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const inner = condition.of.map(each => truthOf(each, batch));
      const join = condition.kind === 'and' ? all : any;
      return i => join(inner.map(truth => truth(i)));
    }
    case 'not': {
      const inner = truthOf(condition.of, batch);
      return i => not(inner(i));
    }
    case 'isNull': {
      const read = readColumn(condition.field, batch);
      return i => read(i) === null;
    }
    case 'compare': {
      const { field, op, value } = condition;
      const read = readColumn(field, batch);
      return i => {
        const found = read(i);
        return found === null ? null : satisfies(compareValues(found, value), op);
      };
    }
  }
}

function readColumn({ name }: ISchemaField, batch: RecordBatch): (i: number) => Value {
  const column = batch.data.children[batch.schema.fields.findIndex(field => field.name === name)];
  return column === undefined ? () => null : readerOf(column);
}

function literalOf(field: ISchemaField, literal: string): NonNullable<Value> {
  const data = field.type === 'binary' ? null : readText(field, literal);
  const value = data === null ? null : readerOf(data)(0);
  if (value === null) {
    const text = JSON.stringify(literal);
    throw new TwinstoreError(
      'bad_request',
      `The column ${field.name} is of type ${typeName(field.type)}, with which ${text} cannot be compared.`,
      'Write a value of that type; nested and binary columns can only be asked whether they are null.'
    );
  }
  return value;
}
