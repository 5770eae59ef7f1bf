import { randomUUID } from 'node:crypto';

import type { Catalog, IColumn, IDefinition, Table } from './catalog';
import { beyondFake, configError, invalid, syntax, unauthorized } from './errors';
import type { Result, SchemaChange } from './messages';
import type { IRules } from './rules';
import type { Definition, ICreateTable, ITableName, Properties, PropertyValue } from './statements';
import { isSystem } from './system_tables';

/** Options of tables that Cassandra uses and Keyspaces takes for nothing. */
const IGNORED = [
  'additional_write_policy',
  'bloom_filter_fp_chance',
  'caching',
  'compaction',
  'compression',
  'crc_check_chance',
  'gc_grace_seconds',
  'max_index_interval',
  'memtable_flush_period_in_ms',
  'min_index_interval',
  'read_repair',
  'speculative_retry'
];

const CUSTOM_PROPERTIES = [
  'capacity_mode',
  'client_side_timestamps',
  'encryption_specification',
  'point_in_time_recovery',
  'ttl',
  'warm_throughput'
];

/** Those that stay once they are on. */
const IRREVERSIBLE = ['client_side_timestamps', 'ttl'];

export interface IDefined {
  result: Result;
  warnings: string[];
}

/** Begins to change the schema, which is done after the time that the rules give. */
export function define(statement: Definition, used: string | null, catalog: Catalog, rules: IRules): IDefined {
  const keyspace = 'keyspace' in statement ? statement.keyspace : keyspaceOf(statement.table, used);
  if (isSystem(keyspace)) {
    throw unauthorized(`The keyspace ${keyspace} cannot be changed`);
  }
  const afterMs = rules.ddl_ms;
  switch (statement.kind) {
    case 'createKeyspace': {
      checkReplication(statement.properties, rules);
      const isNew = catalog.createKeyspace(keyspace, statement.ifNotExists, afterMs);
      return defined(isNew ? 'CREATED' : null, keyspace, null);
    }
    case 'dropKeyspace': {
      const isGone = catalog.dropKeyspace(keyspace, statement.ifExists, afterMs);
      return defined(isGone ? 'DROPPED' : null, keyspace, null);
    }
    case 'createTable': {
      const definition = newDefinition(statement, keyspace, rules);
      const isNew = catalog.createTable(definition, statement.ifNotExists, afterMs);
      return defined(isNew ? 'CREATED' : null, keyspace, definition.name, warnings(statement.properties));
    }
    case 'alterTable': {
      const { table: name } = statement.table;
      const table = catalog.table(keyspace, name);
      catalog.alterTable(table, changedDefinition(table, statement, rules), afterMs);
      return defined('UPDATED', keyspace, name, warnings(statement.properties));
    }
    case 'dropTable': {
      const { table: name } = statement.table;
      const isGone = catalog.dropTable(keyspace, name, statement.ifExists, afterMs);
      return defined(isGone ? 'DROPPED' : null, keyspace, name);
    }
  }
}

/** The keyspace that a name means. */
export function keyspaceOf({ keyspace }: ITableName, used: string | null): string {
  const found = keyspace ?? used;
  if (found === null) {
    throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
  }
  return found;
}

function defined(change: SchemaChange | null, keyspace: string, table: string | null, warned: string[] = []): IDefined {
  const result: Result = change === null ? { kind: 'void' } : { kind: 'schemaChange', change, keyspace, table };
  return { result, warnings: warned };
}

function checkReplication(properties: Properties, { replication }: IRules): void {
  const given = properties.get('replication');
  const strategy = typeof given === 'object' ? given['class'] : undefined;
  if (typeof strategy !== 'string') {
    throw configError('Missing mandatory replication strategy class');
  }
  if (replication !== null && !replication.includes(strategy)) {
    throw configError(`Replication strategy ${strategy} is not supported. Use one of: ${replication.join(', ')}`);
  }
}

function newDefinition(statement: ICreateTable, keyspace: string, rules: IRules): IDefinition {
  const { table, columns, partitionKey, clusteringKey, properties } = statement;
  if (partitionKey.length === 0) {
    throw invalid(`No PRIMARY KEY specifed for table '${table.table}' (exactly one required)`);
  }
  if (clusteringKey.length > 0) {
    throw beyondFake('clustering columns: a row of its tables is a whole partition');
  }
  const key = partitionKey.map((name, position): IColumn => {
    const type = columns.get(name);
    if (type === undefined) {
      throw invalid(`Unknown definition ${name} referenced in PRIMARY KEY`);
    }
    return { name, type, kind: 'partition_key', position };
  });
  const others = [...columns].filter(([name]) => !partitionKey.includes(name));
  const empty: IDefinition = {
    keyspace,
    name: table.table,
    id: randomUUID(),
    columns: key,
    comment: '',
    defaultTtlS: 0,
    customProperties: rules.custom_properties ? { capacity_mode: { throughput_mode: 'PAY_PER_REQUEST' } } : {}
  };
  return withProperties(withColumns(empty, new Map(others)), properties, rules);
}

function changedDefinition(
  { definition }: Table,
  { add, properties }: Extract<Definition, { kind: 'alterTable' }>,
  rules: IRules
): IDefinition {
  return withProperties(withColumns(definition, add), properties, rules);
}

function withColumns(definition: IDefinition, add: ReadonlyMap<string, IColumn['type']>): IDefinition {
  const regular = definition.columns.filter(({ kind }) => kind === 'regular');
  for (const [name, type] of add) {
    if (definition.columns.some(column => column.name === name)) {
      throw invalid(`Column with name '${name}' already exists`);
    }
    if (type.kind !== 'native' && !type.frozen) {
      throw beyondFake(`collections that are not frozen, such as ${name}`);
    }
    regular.push({ name, type, kind: 'regular', position: -1 });
  }
  const key = definition.columns.filter(({ kind }) => kind === 'partition_key');
  return { ...definition, columns: [...key, ...regular.sort((one, other) => (one.name < other.name ? -1 : 1))] };
}

function withProperties(definition: IDefinition, properties: Properties, rules: IRules): IDefinition {
  let changed = definition;
  for (const [name, value] of properties) {
    if (name === 'comment') {
      changed = { ...changed, comment: String(value) };
    } else if (name === 'default_time_to_live') {
      changed = { ...changed, defaultTtlS: Number(value) };
    } else if (name === 'custom_properties' && rules.custom_properties) {
      changed = { ...changed, customProperties: customProperties(definition, value) };
    } else if (!IGNORED.includes(name)) {
      throw syntax(`Unknown property '${name}'`);
    }
  }
  return changed;
}

function customProperties(definition: IDefinition, value: PropertyValue): IDefinition['customProperties'] {
  if (typeof value !== 'object') {
    throw invalid('CUSTOM_PROPERTIES is a map');
  }
  const given = Object.entries(value).map(([name, settings]) => {
    if (!CUSTOM_PROPERTIES.includes(name) || typeof settings !== 'object') {
      throw invalid(`Unknown custom property ${name}`);
    }
    const texts = Object.entries(settings).map(([setting, each]) => [setting, String(each)] as const);
    const status = settings['status'];
    if (IRREVERSIBLE.includes(name) && status !== 'enabled') {
      throw invalid(`The custom property ${name} can only be enabled`);
    }
    return [name, Object.fromEntries(texts)] as const;
  });
  return { ...definition.customProperties, ...Object.fromEntries(given) };
}

function warnings(properties: Properties): string[] {
  return IGNORED.filter(name => properties.has(name)).map(name => `The option ${name} is ignored.`);
}
