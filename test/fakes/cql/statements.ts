import type { CqlType } from './types';

/** Kinds of constants as they stand in a statement. */
export type LiteralKind = 'string' | 'integer' | 'float' | 'boolean' | 'blob' | 'uuid';

export type Term =
  | { kind: 'literal'; literal: LiteralKind; text: string }
  | { kind: 'null' }
  /** `?`, or `:name`; counted from 0 in the order of the text. */
  | { kind: 'marker'; index: number; name: string | null }
  | { kind: 'list' | 'set'; items: readonly Term[] }
  | { kind: 'map'; entries: readonly (readonly [Term, Term])[] }
  | { kind: 'fromJson'; term: Term };

/** A table as a statement names it; without a keyspace where the connection's is meant. */
export interface ITableName {
  keyspace: string | null;
  table: string;
}

export interface ISelector {
  /** `now` is the server's time in milliseconds, and has no columns. */
  kind: 'column' | 'writetime' | 'ttl' | 'token' | 'now';
  columns: readonly string[];
  alias: string | null;
}

export type Operator = '=' | '<' | '<=' | '>' | '>=';

export type Relation =
  | { kind: 'compare'; column: string; operator: Operator; term: Term }
  /** Terms, or one marker of a list. */
  | { kind: 'in'; column: string; terms: readonly Term[] | { marker: Term } }
  | { kind: 'token'; columns: readonly string[]; operator: Operator; term: Term };

export interface IUsing {
  ttl: Term | null;
  timestamp: Term | null;
}

export interface IAssignment {
  column: string;
  term: Term;
}

/** `IF …` of a lightweight transaction. */
export type Condition = { kind: 'exists' } | { kind: 'notExists' } | { kind: 'equal'; columns: readonly IAssignment[] };

export type PropertyValue = string | number | boolean | { [name: string]: PropertyValue };
export type Properties = ReadonlyMap<string, PropertyValue>;

export interface ISelect {
  kind: 'select';
  json: boolean;
  selection: '*' | readonly ISelector[];
  table: ITableName;
  where: readonly Relation[];
  limit: Term | null;
  allowFiltering: boolean;
}

/** INSERT, UPDATE or DELETE: what it sets, of which row. */
export interface IModification {
  kind: 'insert' | 'update' | 'delete';
  table: ITableName;
  /** Of an INSERT with its key, of the others without. */
  set: readonly IAssignment[];
  where: readonly Relation[];
  using: IUsing;
  condition: Condition | null;
}

export interface ICreateTable {
  kind: 'createTable';
  table: ITableName;
  ifNotExists: boolean;
  columns: ReadonlyMap<string, CqlType>;
  partitionKey: readonly string[];
  clusteringKey: readonly string[];
  properties: Properties;
}

export type Definition =
  | { kind: 'createKeyspace'; keyspace: string; ifNotExists: boolean; properties: Properties }
  | { kind: 'dropKeyspace'; keyspace: string; ifExists: boolean }
  | ICreateTable
  | { kind: 'alterTable'; table: ITableName; add: ReadonlyMap<string, CqlType>; properties: Properties }
  | { kind: 'dropTable'; table: ITableName; ifExists: boolean };

export type Statement = ISelect | IModification | Definition | { kind: 'use'; keyspace: string };
