import { invalid } from './errors';

/** Consistency levels by their number in the protocol. */
export const CONSISTENCIES = [
  'ANY',
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_QUORUM',
  'EACH_QUORUM',
  'SERIAL',
  'LOCAL_SERIAL',
  'LOCAL_ONE'
] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

/** How requests that exceed what a table can take are answered: by time-outs, for CQL has no word for it. */
export interface IThrottle {
  /** Share of writes and of reads that time out whatever the rate, from 0 to 1. */
  write_timeouts: number;
  read_timeouts: number;
  /** Write units (1 KB of one row) and read units (4 KB) that a table takes in a second; null for any. */
  writes_per_s: number | null;
  reads_per_s: number | null;
  /** Share of timed-out writes that are kept all the same. */
  kept: number;
  /** Of the random numbers, so that a run can be repeated. */
  seed: number;
}

/** What a server refuses. Each rule is switched by itself; its field is the one that a test gives as JSON. */
export interface IRules {
  /** How far a write timestamp may lie from the server's clock, in seconds; null for any distance. */
  timestamp_window: { past_s: number; future_s: number } | null;
  /** Whether timestamps and times to live need the table's CUSTOM_PROPERTIES; without, there are no such properties. */
  custom_properties: boolean;
  /** Levels that a write may ask for, and that anything else may; null for all. */
  write_consistency: readonly Consistency[] | null;
  read_consistency: readonly Consistency[] | null;
  /** Columns beside the key that one INSERT or UPDATE may set, and where times to live are enabled; null for any. */
  max_columns: { without_ttl: number; with_ttl: number } | null;
  /** Of the partition key, all its columns together. */
  max_key_bytes: number;
  /** Of all values that a statement gives a row; null for any. */
  max_row_bytes: number | null;
  /** Statements in a batch; null for any. */
  max_batch: { logged: number; unlogged: number } | null;
  /** Whether the statements of a logged batch may write to several partitions. */
  logged_batch_across_partitions: boolean;
  /** Whether only statements on data may be prepared. */
  prepare_data_only: boolean;
  /** Replication classes of keyspaces; null for any. */
  replication: readonly string[] | null;
  /** How long a table or keyspace takes to come, to change and to go, in milliseconds. */
  ddl_ms: number;
  /** Bytes after which a page ends, however many rows were asked for; null for any. */
  max_page_bytes: number | null;
  partitioner: string;
  throttle: IThrottle | null;
}

export const MURMUR3 = 'org.apache.cassandra.dht.Murmur3Partitioner';

/** What an account has before its partitioner is set for Spark. */
export const DEFAULT_PARTITIONER = 'com.amazonaws.cassandra.DefaultPartitioner';

const DAY_S = 86_400;

/**
 * Amazon Keyspaces, as its developer guide has it (quotas, client-side timestamps, consistency, functional
 * differences). Where the guide has changed its mind, the older and stricter word counts: logged batches across
 * partitions are allowed by now.
 */
export const KEYSPACES: IRules = {
  timestamp_window: { past_s: 2 * DAY_S, future_s: 300 },
  custom_properties: true,
  write_consistency: ['LOCAL_QUORUM'],
  read_consistency: ['ONE', 'LOCAL_QUORUM', 'LOCAL_ONE'],
  max_columns: { without_ttl: 225, with_ttl: 166 },
  max_key_bytes: 2048,
  max_row_bytes: 1_048_576,
  max_batch: { logged: 100, unlogged: 30 },
  logged_batch_across_partitions: false,
  prepare_data_only: true,
  replication: ['SingleRegionStrategy', 'NetworkTopologyStrategy'],
  ddl_ms: 500,
  max_page_bytes: 1_048_576,
  partitioner: MURMUR3,
  throttle: null
};

/** Apache Cassandra: none of these rules. Statements that Keyspaces lacks stay unknown all the same. */
export const CASSANDRA: IRules = {
  timestamp_window: null,
  custom_properties: false,
  write_consistency: null,
  read_consistency: null,
  max_columns: null,
  max_key_bytes: 65_535,
  max_row_bytes: null,
  max_batch: null,
  logged_batch_across_partitions: true,
  prepare_data_only: false,
  replication: null,
  ddl_ms: 0,
  max_page_bytes: null,
  partitioner: MURMUR3,
  throttle: null
};

const NO_THROTTLE: IThrottle = {
  write_timeouts: 0,
  read_timeouts: 0,
  writes_per_s: null,
  reads_per_s: null,
  kept: 0,
  seed: 1
};

/** What a test gives: the rules that it wants otherwise. */
export type RuleChanges = Partial<Omit<IRules, 'throttle'>> & { throttle?: Partial<IThrottle> | null };

/** The rules with some of them changed. Throws for a name that no rule has. */
export function changed(rules: IRules, changes: RuleChanges): IRules {
  refuseUnknown(changes, Object.keys(rules), 'rule');
  const { throttle, ...others } = changes;
  if (throttle === undefined) {
    return { ...rules, ...others };
  }
  refuseUnknown(throttle ?? {}, Object.keys(NO_THROTTLE), 'setting of throttle');
  return { ...rules, ...others, throttle: throttle === null ? null : { ...NO_THROTTLE, ...throttle } };
}

/** Throws for a field of JSON that nothing would read. */
export function refuseUnknown(given: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(given).find(name => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no ${what} ${unknown}.`);
  }
}

// What follows throws where a rule is broken. Only the words on consistency are Keyspaces' own; of the others no record
// was found.

export function checkConsistency(rules: IRules, level: number, isWrite: boolean): void {
  const allowed = isWrite ? rules.write_consistency : rules.read_consistency;
  const name = CONSISTENCIES[level];
  if (allowed !== null && (name === undefined || !allowed.includes(name))) {
    throw invalid(
      `Consistency level ${name ?? level} is not supported for this operation. ` +
        `Supported consistency levels are: ${allowed.join(', ')}`
    );
  }
}

/** @param stampUs The client's write timestamp, in microseconds. */
export function checkTimestamp(rules: IRules, stampUs: bigint, nowMs: number): void {
  if (rules.timestamp_window === null) {
    return;
  }
  const { past_s, future_s } = rules.timestamp_window;
  const aheadUs = stampUs - BigInt(nowMs) * 1000n;
  if (aheadUs < BigInt(-past_s) * 1_000_000n || aheadUs > BigInt(future_s) * 1_000_000n) {
    throw invalid(
      `Timestamp ${stampUs} is out of range: it must lie between ${past_s} seconds before and ${future_s} seconds ` +
        'after the current time.'
    );
  }
}

/** @param count Columns that an INSERT or UPDATE sets beside the key. */
export function checkColumns(rules: IRules, count: number, withTtl: boolean): void {
  const most = withTtl ? rules.max_columns?.with_ttl : rules.max_columns?.without_ttl;
  if (most !== undefined && count > most) {
    throw invalid(`The statement modifies ${count} regular columns, and at most ${most} are allowed.`);
  }
}

export function checkSizes(rules: IRules, keyBytes: number, rowBytes: number): void {
  if (keyBytes > rules.max_key_bytes) {
    throw invalid(`Key length of ${keyBytes} is longer than maximum of ${rules.max_key_bytes}`);
  }
  if (rules.max_row_bytes !== null && rowBytes > rules.max_row_bytes) {
    throw invalid(`The row has ${rowBytes} bytes, and at most ${rules.max_row_bytes} are allowed.`);
  }
}

/** @param partitions How many different partitions the batch writes to. */
export function checkBatch(rules: IRules, logged: boolean, statements: number, partitions: number): void {
  const kind = logged ? 'logged' : 'unlogged';
  if (rules.max_batch !== null && statements > rules.max_batch[kind]) {
    throw invalid(`The ${kind} batch has ${statements} statements, and at most ${rules.max_batch[kind]} are allowed.`);
  }
  if (logged && !rules.logged_batch_across_partitions && partitions > 1) {
    throw invalid(`A logged batch across ${partitions} partitions is not supported.`);
  }
}
