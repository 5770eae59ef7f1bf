import { isUsable } from './catalog';
import type { Catalog, IDefinition, Table } from './catalog';
import { MIN_TOKEN } from './murmur3';
import { parse } from './parser';
import type { IReadable, IReadableColumn, INode } from './plan';
import { Row } from './row';
import type { IRules } from './rules';
import type { ICreateTable } from './statements';
import { encodeValue, typeName } from './types';
import type { CqlType } from './types';

/** Values by column; what is not named is null. */
type Values = Readonly<Record<string, unknown>>;

export interface ISystem {
  readonly rules: IRules;
  readonly catalog: Catalog;
  readonly nodes: readonly INode[];
  readonly datacenter: string;
}

interface ISystemTable {
  columns: readonly IReadableColumn[];
  rows(system: ISystem, node: INode): readonly Values[];
}

/** As Keyspaces says of itself. */
const RELEASE = '3.11.2';
const CQL = '3.4.4';

const GUESSED_ROW_BYTES = 1024;

/** What Keyspaces shows of a keyspace, whatever class it was made with. */
const REPLICATION = { class: 'org.apache.cassandra.locator.SimpleStrategy', replication_factor: '3' };

/** Options of Cassandra that Keyspaces takes and ignores, as it shows them. */
const IGNORED = {
  bloom_filter_fp_chance: 0.01,
  caching: { keys: 'ALL', rows_per_partition: 'NONE' },
  compaction: { class: 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy' },
  compression: {},
  crc_check_chance: 1,
  dclocal_read_repair_chance: 0,
  extensions: {},
  flags: ['compound'],
  gc_grace_seconds: 7_776_000,
  max_index_interval: 2048,
  memtable_flush_period_in_ms: 3_600_000,
  min_index_interval: 128,
  read_repair_chance: 0,
  speculative_retry: '99PERCENTILE'
};

const KEYSPACE_COLUMNS = 'keyspace_name text PRIMARY KEY, durable_writes boolean, replication frozen<map<text, text>>';

const TABLE_COLUMNS = `keyspace_name text, table_name text, bloom_filter_fp_chance double,
  caching frozen<map<text, text>>, comment text, compaction frozen<map<text, text>>,
  compression frozen<map<text, text>>, crc_check_chance double, dclocal_read_repair_chance double,
  default_time_to_live int, extensions frozen<map<text, blob>>, flags frozen<set<text>>, gc_grace_seconds int,
  id uuid, max_index_interval int, memtable_flush_period_in_ms int, min_index_interval int,
  read_repair_chance double, speculative_retry text`;

const TABLE_KEY = 'PRIMARY KEY (keyspace_name, table_name)';

const TABLES: Readonly<Record<string, ISystemTable>> = Object.fromEntries([
  declared(
    `CREATE TABLE system.local (key text PRIMARY KEY, bootstrapped text, broadcast_address inet, cluster_name text,
      cql_version text, data_center text, gossip_generation int, host_id uuid, listen_address inet,
      native_protocol_version text, partitioner text, rack text, release_version text, rpc_address inet,
      schema_version uuid, thrift_version text, tokens set<text>)`,
    (system, node) => [
      {
        key: 'local',
        bootstrapped: 'COMPLETED',
        broadcast_address: node.address,
        cluster_name: 'Amazon Keyspaces',
        cql_version: CQL,
        listen_address: node.address,
        native_protocol_version: '4',
        partitioner: system.rules.partitioner,
        ...nodeValues(system, node)
      }
    ]
  ),
  declared(
    `CREATE TABLE system.peers (peer inet PRIMARY KEY, data_center text, host_id uuid, preferred_ip inet, rack text,
      release_version text, rpc_address inet, schema_version uuid, tokens set<text>)`,
    (system, node) =>
      system.nodes
        .filter(each => each !== node)
        .map(each => ({ peer: each.address, preferred_ip: each.address, ...nodeValues(system, each) }))
  ),
  declared(
    `CREATE TABLE system.size_estimates (keyspace_name text, table_name text, range_start text, range_end text,
      mean_partition_size bigint, partitions_count bigint,
      PRIMARY KEY (keyspace_name, table_name, range_start, range_end))`,
    ({ catalog }) => catalog.tables(isUsable).map(sizeOf)
  ),
  ...['system_schema', 'system_schema_mcs'].map(keyspace =>
    declared(`CREATE TABLE ${keyspace}.keyspaces (${KEYSPACE_COLUMNS})`, ({ catalog }) =>
      catalog.keyspaces().map(({ name }) => ({ keyspace_name: name, durable_writes: true, replication: REPLICATION }))
    )
  ),
  declared(`CREATE TABLE system_schema.tables (${TABLE_COLUMNS}, ${TABLE_KEY})`, ({ catalog }) =>
    catalog.tables(isUsable).map(({ definition }) => tableValues(definition))
  ),
  declared(
    `CREATE TABLE system_schema_mcs.tables (${TABLE_COLUMNS}, status text,
      custom_properties frozen<map<text, frozen<map<text, text>>>>, ${TABLE_KEY})`,
    ({ catalog }) =>
      catalog
        .tables(() => true)
        .map(({ definition, status }) => ({
          ...tableValues(definition),
          status,
          custom_properties: definition.customProperties
        }))
  ),
  declared(
    `CREATE TABLE system_schema.columns (keyspace_name text, table_name text, column_name text, clustering_order text,
      column_name_bytes blob, kind text, position int, type text,
      PRIMARY KEY (keyspace_name, table_name, column_name))`,
    ({ catalog }) => catalog.tables(isUsable).flatMap(columnValues)
  ),
  // Keyspaces has none of these things, or no group has them. Drivers ask all the same.
  ...[
    'types (keyspace_name text, type_name text, PRIMARY KEY (keyspace_name, type_name))',
    'functions (keyspace_name text, function_name text, PRIMARY KEY (keyspace_name, function_name))',
    'aggregates (keyspace_name text, aggregate_name text, PRIMARY KEY (keyspace_name, aggregate_name))',
    'triggers (keyspace_name text, table_name text, PRIMARY KEY (keyspace_name, table_name))',
    'indexes (keyspace_name text, table_name text, PRIMARY KEY (keyspace_name, table_name))',
    'views (keyspace_name text, view_name text, PRIMARY KEY (keyspace_name, view_name))'
  ].map(empty => declared(`CREATE TABLE system_schema.${empty}`, () => []))
]);

/** The system table of that name, or null. */
export function systemTable(system: ISystem, keyspace: string, name: string): IReadable | null {
  const table = TABLES[`${keyspace}.${name}`];
  return table === undefined
    ? null
    : {
        keyspace,
        name,
        columns: table.columns,
        definition: null,
        rows: node => table.rows(system, node).map(values => rowOf(table.columns, values)),
        find: null
      };
}

/** Whether a keyspace is the server's own. */
export function isSystem(keyspace: string): boolean {
  return Object.keys(TABLES).some(name => name.startsWith(`${keyspace}.`));
}

function declared(cql: string, rows: ISystemTable['rows']): readonly [string, ISystemTable] {
  const { table, columns, partitionKey, clusteringKey } = parse(cql) as ICreateTable;
  const described = [...columns].map(([name, type]) => columnOf(name, type, partitionKey, clusteringKey));
  return [`${table.keyspace as string}.${table.table}`, { columns: described, rows }];
}

function columnOf(
  name: string,
  type: CqlType,
  partitionKey: readonly string[],
  clusteringKey: readonly string[]
): IReadableColumn {
  if (partitionKey.includes(name)) {
    return { name, type, kind: 'partition_key', position: partitionKey.indexOf(name) };
  }
  return {
    name,
    type,
    kind: clusteringKey.includes(name) ? 'clustering' : 'regular',
    position: clusteringKey.indexOf(name)
  };
}

function rowOf(columns: readonly IReadableColumn[], values: Values): Row {
  const encoded = (column: IReadableColumn): Buffer | null => {
    const value = values[column.name];
    return value === undefined ? null : encodeValue(column.type, value);
  };
  const row = new Row(columns.filter(({ kind }) => kind === 'partition_key').map(column => encoded(column) as Buffer));
  const stamp = { timestamp: 0n, expiresS: null };
  row.insert(stamp);
  columns.forEach(column => row.write(column.name, encoded(column), stamp));
  return row;
}

function nodeValues({ catalog, datacenter }: ISystem, node: INode): Values {
  return {
    data_center: datacenter,
    host_id: node.hostId,
    rack: datacenter,
    release_version: RELEASE,
    rpc_address: node.address,
    schema_version: catalog.schemaVersion,
    tokens: [String(node.token)]
  };
}

function tableValues({ keyspace, name, id, comment, defaultTtlS }: IDefinition): Values {
  return { ...IGNORED, keyspace_name: keyspace, table_name: name, id, comment, default_time_to_live: defaultTtlS };
}

function columnValues({ definition }: Table): Values[] {
  return definition.columns.map(({ name, type, kind, position }) => ({
    keyspace_name: definition.keyspace,
    table_name: definition.name,
    column_name: name,
    clustering_order: 'none',
    column_name_bytes: `0x${Buffer.from(name, 'utf8').toString('hex')}`,
    kind,
    position,
    type: typeName(type)
  }));
}

/** One range, which is all of the ring, and a guess of each row's size: those of Keyspaces are not to be relied on. */
function sizeOf({ definition, rowCount }: Table): Values {
  return {
    keyspace_name: definition.keyspace,
    table_name: definition.name,
    range_start: String(MIN_TOKEN),
    range_end: String(MIN_TOKEN),
    mean_partition_size: GUESSED_ROW_BYTES,
    partitions_count: rowCount
  };
}
