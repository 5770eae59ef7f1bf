import { TwinstoreError } from '../../contract';
import type { FeatureGroupDefinition } from '../../contract';
import type { OnlineStore } from './online_store';

const LEASE = 'twinstore_lease';

/** A table that keeps a group's columns, or some of them. */
export interface IOnlineTable {
  /** `keyspace.table`. */
  name: string;
  exists: boolean;
  /** `metaData.id` of the Delta table that it belongs to; null when it carries no mark of ours. */
  tableId: string | null;
}

/** What the online store knows of a group's tables. */
export interface IOnlineTables {
  /** That of `online` first. */
  tables: IOnlineTable[];
  /** The write that holds the lease, or null. */
  inFlight: { holder: string; runId: string } | null;
}

/** Looks at a group's online tables. Writes take their lease by the address of the offline table. */
export async function readOnlineTables(
  store: OnlineStore,
  { online, offline, columns }: FeatureGroupDefinition,
  signal: AbortSignal
): Promise<IOnlineTables> {
  const [keyspace = '', table = ''] = online.split('.');
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) {
    throw new TwinstoreError('bad_request', `${online} is not a name of an online table.`, 'Name it keyspace.table.');
  }
  const names = [...new Set([table, ...columns.flatMap(({ online_table }) => online_table ?? [])])];
  const marks = [...names, LEASE].map(() => '?').join(', ');
  const rows = await store.rows(
    `SELECT table_name, comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name IN (${marks})`,
    [keyspace, ...names, LEASE],
    signal
  );
  const comments = new Map(rows.map(row => [row['table_name'], row['comment']]));
  const leases = comments.has(LEASE)
    ? await store.rows(`SELECT holder, run_id FROM ${keyspace}.${LEASE} WHERE location = ?`, [offline], signal)
    : [];
  const lease = leases[0];
  return {
    tables: names.map(name => ({
      name: `${keyspace}.${name}`,
      exists: comments.has(name),
      tableId: tableIdOf(comments.get(name))
    })),
    inFlight:
      lease === undefined ? null : { holder: String(lease['holder'] ?? ''), runId: String(lease['run_id'] ?? '') }
  };
}

/** The comment that `twinstore` gives a table: JSON {twinstore: 1, table_id, offline}. */
function tableIdOf(comment: unknown): string | null {
  try {
    const mark = JSON.parse(String(comment)) as { twinstore?: unknown; table_id?: unknown } | null;
    return mark?.twinstore === 1 && typeof mark.table_id === 'string' ? mark.table_id : null;
  } catch {
    return null;
  }
}
