import { TwinstoreError } from '../../contract';
import type { OnlineStore } from './online_store';

const LEASE = 'twinstore_lease';

/** What the online store knows of a group's table. */
export interface IOnlineTable {
  /** `metaData.id` of the Delta table that it belongs to; null when it carries no mark of ours. */
  tableId: string | null;
  /** The write that holds the lease, or null. */
  inFlight: { holder: string; runId: string } | null;
}

/**
 * Looks at a group's online table. Null when there is no such table.
 *
 * @param online `keyspace.table`.
 * @param offline Address of the Delta table, by which writes take their lease.
 */
export async function readOnlineTable(
  store: OnlineStore,
  online: string,
  offline: string,
  signal: AbortSignal
): Promise<IOnlineTable | null> {
  const [keyspace = '', table = ''] = online.split('.');
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) {
    throw new TwinstoreError('bad_request', `${online} is not a name of an online table.`, 'Name it keyspace.table.');
  }
  const rows = await store.rows(
    'SELECT table_name, comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name IN (?, ?)',
    [keyspace, table, LEASE],
    signal
  );
  const found = rows.find(row => row['table_name'] === table);
  if (found === undefined) {
    return null;
  }
  const leases = rows.some(row => row['table_name'] === LEASE)
    ? await store.rows(`SELECT holder, run_id FROM ${keyspace}.${LEASE} WHERE location = ?`, [offline], signal)
    : [];
  const lease = leases[0];
  return {
    tableId: tableIdOf(found['comment']),
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
