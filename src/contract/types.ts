// Made from the JSON schemas beside this file by `npm run contract:types`. Do not edit.

/**
 * What a feature group is: kept as JSON in the Delta table property `twinstore.definition`.
 */
export interface FeatureGroupDefinition {
  /**
   * Lower-case name of the group, unique among the configured roots.
   */
  name: string;
  /**
   * One sentence for people.
   */
  description?: string;
  /**
   * Entity key columns, in partition key order.
   *
   * @minItems 1
   */
  keys: string[];
  /**
   * Column that says when a row was true.
   */
  event_timestamp: string;
  /**
   * Every column of the group: keys, event timestamp, features; in the order of the DataFrame.
   *
   * @minItems 2
   */
  columns: GroupColumn[];
  /**
   * Seconds after its event time at which a row expires online; null means never.
   */
  ttl_seconds: number | null;
  /**
   * Address of the Delta table, such as `s3a://features/energy`.
   */
  offline: string;
  /**
   * `keyspace.table` of the online table.
   */
  online: string;
}
export interface GroupColumn {
  name: string;
  /**
   * Spark SQL type as `simpleString`, such as `decimal(10,2)`.
   */
  type: string;
  /**
   * Timestamps only: keep microseconds online too, as bigint.
   */
  exact?: boolean;
  /**
   * Nested types only: how the value is kept online.
   */
  online_as?: 'frozen' | 'json';
  /**
   * Largest absolute difference that parity accepts in this numeric column; absent means exact.
   */
  tolerance?: number;
  /**
   * Features only: the table of the same keyspace that keeps the feature; absent means that of `online`.
   */
  online_table?: string;
}

/**
 * The record of one propagation: one row of `<table>/_twinstore/receipts`. Its fields are that table's columns; `durations_s` is kept there as a JSON string.
 */
export interface Receipt {
  /**
   * Identity of the run; a repeated run has the same one.
   */
  run_id: string;
  operation: 'write' | 'retry' | 'materialize' | 'repair' | 'delete';
  group: string;
  /**
   * `metaData.id` of the Delta table; receipts of an older table do not count.
   */
  table_id: string;
  /**
   * False when the run id is random, so that running it again would append again.
   */
  repeatable: boolean;
  /**
   * Delta version of this run's own append, or the older one that a materialize set the online store to; null when there is neither.
   */
  version: number | null;
  gap: Gap;
  /**
   * T(H): CQL write timestamp of every online write, in µs since the epoch.
   */
  write_timestamp_us: number;
  /**
   * Newest event time in the table at `gap.to`, in µs since the epoch; null when it has no row.
   */
  max_event_us: number | null;
  /**
   * Rows of the DataFrame.
   */
  rows_in: number;
  /**
   * Rows appended to the offline store.
   */
  appended: number;
  /**
   * Rows that history already held with the same values.
   */
  unchanged: number;
  /**
   * Rows written online: the winners of the keys that the gap changed.
   */
  written: number;
  /**
   * Keys deleted online because the snapshot no longer holds them.
   */
  deleted: number;
  /**
   * Appended rows older than the row that is online.
   */
  late: number;
  /**
   * Appended rows that correct an event already in history.
   */
  corrected: number;
  /**
   * Appended rows that lost to a newer row of the same batch.
   */
  superseded: number;
  /**
   * Winners past their time to live, deleted online.
   */
  expired: number;
  /**
   * Rows that can never be written, set aside in `failed_rows`.
   */
  failed: number;
  /**
   * Upper bound of rows whose online write was not confirmed; above zero, the receipt is not kept.
   */
  unconfirmed: number;
  /**
   * Commits of other writers in the gap that wrote rows anew; null where the log no longer told.
   */
  foreign: number | null;
  /**
   * Runs of earlier, unfinished writes that this propagation finished.
   */
  resumed: string[];
  /**
   * Who ran it: Hub user, else operating system user.
   */
  by: string;
  /**
   * When the receipt was made, in µs since the epoch.
   */
  at_us: number;
  /**
   * Seconds by stage, such as preflight, append, keys, winners, online, receipt.
   */
  durations_s: {
    [k: string]: number;
  };
  /**
   * Whether the receipt is a row of the receipts table.
   */
  kept: boolean;
  /**
   * What the reader should know beside the counts, in words.
   */
  notes: string[];
}
/**
 * The half-open interval (from, to] of Delta versions that this receipt brought online.
 */
export interface Gap {
  from: number;
  to: number;
}

export type Verdict = 'in_parity' | 'out_of_parity' | 'no_difference_found' | 'unknown';

/**
 * The outcome of one comparison of the twins at an anchor version. Kept as the `report` of a row of `<table>/_twinstore/proofs`.
 */
export interface ParityReport {
  id: string;
  group: string;
  table_id: string;
  verdict: Verdict;
  coverage: Coverage;
  /**
   * Anchor: the Delta version that the online store was compared with; null when nothing was online yet.
   */
  version: number | null;
  /**
   * Run of the receipt that ends at the anchor.
   */
  receipt_run_id: string | null;
  states: StateCounts;
  /**
   * For keys with a row in both stores: how each column compares.
   */
  columns: ColumnComparison[];
  tolerances: {
    [k: string]: number;
  };
  offenders: OffenderSample;
  /**
   * Which implementation compared: `spark` or `companion`, with its version.
   */
  engine: string;
  by: string;
  at_us: number;
  duration_s: number;
  /**
   * False when the proof could not be written beside the table.
   */
  kept: boolean;
  notes: string[];
}
export interface Coverage {
  how: 'full' | 'changed' | 'sampled';
  keys_compared: number;
  /**
   * Keys of both stores together; null where the comparison did not count them.
   */
  keys_total: number | null;
  /**
   * Whether the online store was scanned for keys that history does not hold.
   */
  extra_checked: boolean;
  /**
   * Id of the proof that a changed proof builds on.
   */
  base_proof: string | null;
}
/**
 * Number of keys in each row state.
 */
export interface StateCounts {
  match: number;
  missing_online: number;
  extra_online: number;
  stale_online: number;
  ahead_online: number;
  mismatch: number;
  expired: number;
  in_flight: number;
}
export interface ColumnComparison {
  name: string;
  both_null: number;
  offline_only_null: number;
  online_only_null: number;
  equal: number;
  precision_only: number;
  value_mismatch: number;
  type_mismatch: number;
  /**
   * Largest absolute difference, numbers only; null when infinite or not a number.
   */
  max_abs?: number | null;
  max_rel?: number | null;
  smape?: number | null;
}
export interface OffenderSample {
  total: number;
  /**
   * The first of them, at most 100; all are rows of `_twinstore/offenders`.
   *
   * @maxItems 100
   */
  shown: Offender[];
}
/**
 * One key whose rows differ. A row of `<table>/_twinstore/offenders` holds the same fields and `proof_id`; there `key`, `offline` and `online` are JSON strings.
 */
export interface Offender {
  /**
   * Key columns and their values, as canonical text.
   */
  key: {
    [k: string]: string;
  };
  state: 'missing_online' | 'extra_online' | 'stale_online' | 'ahead_online' | 'mismatch';
  /**
   * Columns that differ.
   */
  columns: string[];
  /**
   * Winner at the anchor as canonical text by column; null when history has no row.
   */
  offline: {
    [k: string]: string | null;
  } | null;
  online: {
    [k: string]: string | null;
  } | null;
  /**
   * Delta version that wrote the winner, where it is known.
   */
  offline_commit: number | null;
  /**
   * `_commit_version` of the online row.
   */
  online_commit: number | null;
  /**
   * Newest CQL write time among the online row's cells, in µs.
   */
  online_write_us: number | null;
  /**
   * Why, in words.
   */
  reason: string;
}

/**
 * The file `twinstore.toml`.
 */
export interface Settings {
  /**
   * What the interface calls this environment, such as `demo`.
   */
  name?: string;
  /**
   * Addresses under which feature groups and Delta tables are found.
   */
  roots?: Root[];
  stores: Stores;
  spark?: SparkSettings;
  budgets?: Budgets;
  /**
   * Age at which a proof no longer counts, such as `24h`.
   */
  proof_max_age?: string;
}
export interface Root {
  location: string;
  /**
   * Folder levels to look into; default 1.
   */
  depth?: number;
}
export interface Stores {
  offline: OfflineStore;
  online: OnlineStore;
}
export interface OfflineStore {
  /**
   * S3 endpoint; absent means AWS.
   */
  endpoint?: string;
  region?: string;
  path_style?: boolean;
  credentials?: Credentials;
  /**
   * Every commit takes the lease first, because the log store has no put-if-absent.
   */
  single_writer?: boolean;
}
/**
 * A reference to a secret, never the secret itself.
 */
export interface Credentials {
  /**
   * JSON file, readable by its owner only: {access_key_id, secret_access_key} or {username, password}.
   */
  file?: string;
  /**
   * Profile of the AWS configuration.
   */
  profile?: string;
}
export interface OnlineStore {
  dialect?: 'cassandra' | 'keyspaces';
  /**
   * `host:port`, at least one.
   *
   * @minItems 1
   */
  hosts: string[];
  datacenter: string;
  consistency?: 'LOCAL_ONE' | 'LOCAL_QUORUM' | 'QUORUM' | 'ALL' | 'ONE';
  /**
   * Encrypts, and checks the name of the host where `dialect` is `keyspaces`.
   */
  tls?: boolean;
  /**
   * PEM file of all authorities that `tls` trusts; absent means those of the runtime.
   */
  ca?: string;
  /**
   * Signed logins instead of a password, in the region that `datacenter` names; only Keyspaces.
   */
  sigv4?: boolean;
  credentials?: Credentials;
}
/**
 * How a local session is made. A cluster brings its own.
 */
export interface SparkSettings {
  java_home?: string;
  /**
   * Folder whose jars join the session.
   */
  jars?: string;
  /**
   * Such as `4g`.
   */
  driver_memory?: string;
  conf?: {
    [k: string]: string;
  };
}
export interface Budgets {
  /**
   * The most rows that one job writes online in a second, over all its tasks.
   */
  online_rows_per_second?: number;
  /**
   * The most bytes of a row that goes online; larger ones are set aside. Default 8388608. Cassandra refuses a row that is larger than half of its `commitlog_segment_size`.
   */
  max_row_bytes?: number;
  /**
   * What a million write units of Keyspaces cost, in your currency, for estimates.
   */
  write_units_price_per_million?: number;
}
