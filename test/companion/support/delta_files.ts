import {
  Bool,
  Field,
  Float64,
  Int64,
  List,
  Map_,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray
} from 'apache-arrow';
import type { DataType } from 'apache-arrow';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Table as WasmTable, writeParquet } from 'parquet-wasm/node';
import type { WriterProperties } from 'parquet-wasm/node';

export type ActionJson = Readonly<Record<string, unknown>>;

export const PROTOCOL = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };

/** A `metaData` action. */
export function metaData(fields: readonly object[], configuration: Record<string, string> = {}, id = 'table-1') {
  return {
    metaData: {
      id,
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify({ type: 'struct', fields }),
      partitionColumns: [] as string[],
      configuration,
      createdTime: 0
    }
  };
}

export function field(name: string, type: unknown, metadata: object = {}): object {
  return { name, type, nullable: true, metadata };
}

export function add(path: string, extra: object = {}) {
  return { add: { path, size: 1, partitionValues: {}, modificationTime: 0, dataChange: true, ...extra } };
}

export function remove(path: string, extra: object = {}) {
  return { remove: { path, deletionTimestamp: 0, dataChange: true, ...extra } };
}

/** Where the file of a version lies; `rest` such as `json`. */
export function logFile(table: string, version: number, rest = 'json'): string {
  return join(table, '_delta_log', `${String(version).padStart(20, '0')}.${rest}`);
}

/** Writes a file, and the folders above it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Writes actions as a JSON file of the log. */
export function writeActions(path: string, actions: readonly ActionJson[]): void {
  write(path, actions.map(action => `${JSON.stringify(action)}\n`).join(''));
}

export function writeCommit(table: string, version: number, actions: readonly ActionJson[]): void {
  writeActions(logFile(table, version), actions);
}

/** Rows as a Parquet file: text, bigint (64 bits), number (double), boolean, lists and structs of these. */
export function toParquet(rows: readonly Record<string, unknown>[]): Uint8Array {
  const struct = typeOf(rows) as Struct;
  const columns = struct.children.map(({ name, type }) => [
    name,
    vectorFromArray(
      rows.map(row => row[name] ?? null),
      type
    )
  ]);
  return arrowToParquet(new Table(Object.fromEntries(columns)));
}

/** An Arrow table as a Parquet file. */
export function arrowToParquet(table: Table, properties?: WriterProperties): Uint8Array {
  return writeParquet(WasmTable.fromIPCStream(tableToIPC(table, 'stream')), properties);
}

/** The Arrow type of values that are alike. */
function typeOf(values: readonly unknown[]): DataType {
  const known = values.filter(value => value !== null && value !== undefined);
  const [first] = known;
  if (Array.isArray(first)) {
    return new List(new Field('element', typeOf((known as unknown[][]).flat()), true));
  }
  if (first instanceof Map) {
    const entries = (known as Map<string, unknown>[]).flatMap(map => [...map.values()]);
    const entry = new Struct([new Field('key', new Utf8(), false), new Field('value', typeOf(entries), true)]);
    return new Map_(new Field('key_value', entry, false) as ConstructorParameters<typeof Map_>[0]);
  }
  switch (typeof first) {
    case 'bigint':
      return new Int64();
    case 'number':
      return new Float64();
    case 'boolean':
      return new Bool();
    case 'object': {
      const structs = known as Record<string, unknown>[];
      const names = [...new Set(structs.flatMap(struct => Object.keys(struct)))];
      return new Struct(names.map(name => new Field(name, typeOf(structs.map(struct => struct[name])), true)));
    }
    default:
      return new Utf8();
  }
}
