import type { IErrorBody } from './errors';
import type { GroupState } from './group_state';
import type { FeatureGroupDefinition, ParityReport, Receipt } from './types';

/** Whether a store answers. */
export interface IStoreHealth {
  /** `S3`, `Cassandra`, `Keyspaces` or `Local files`. */
  name: string;
  /** Host and port, bucket endpoint or folder. */
  address: string;
  ok: boolean;
  /** Milliseconds that the answer took; null when none came. */
  took_ms: number | null;
  /** When it last answered, in µs since the epoch; null when it never did. */
  last_seen_us: number | null;
  error: IErrorBody | null;
}

/** Answer of companion `GET health`. */
export interface IHealth {
  /** Version of this contract; the server refuses a companion that speaks another. */
  protocol: 1;
  version: string;
  node: string;
  /** Name of the settings, such as `demo`. */
  environment: string;
  /** Identity by which the stores are read. */
  acting_as: string;
  stores: IStoreHealth[];
}

/** What a list shows of a group. */
export interface IGroupSummary {
  name: string;
  offline: string;
  online: string;
  state: GroupState;
  /** Words beside the glyph. */
  words: string;
  /** Head version of the Delta table. */
  head: number | null;
  watermark: number | null;
  /** Delta versions that are not yet online. */
  lag: number | null;
  /** Newest event time in each store, in µs since the epoch. */
  offline_event_us: number | null;
  online_event_us: number | null;
  last_receipt: Receipt | null;
  /** The newest proof that counts: neither sampled nor `unknown`. */
  last_proof: Pick<
    ParityReport,
    'id' | 'verdict' | 'version' | 'at_us' | 'by' | 'coverage' | 'states' | 'duration_s'
  > | null;
  /** Of the newest proof, whether it counts or not. */
  newest_proof_id: string | null;
  /** Why the group could not be read, when it could not. */
  error: IErrorBody | null;
}

/** Answer of companion `POST groups` (body {}). */
export interface IGroupsAnswer {
  groups: IGroupSummary[];
  /** Roots that could not be listed. */
  errors: { location: string; error: IErrorBody }[];
}

/** Answer of companion `POST groups/get` (body {group}). */
export interface IGroupAnswer {
  summary: IGroupSummary;
  definition: FeatureGroupDefinition;
  table_id: string;
}

/** Answer of companion `POST receipts` (body {group, limit?}), newest first. */
export interface IReceiptsAnswer {
  receipts: Receipt[];
  total: number;
}

/** Answer of companion `POST proofs` (body {group, limit?}), newest first. */
export interface IProofsAnswer {
  proofs: ParityReport[];
  total: number;
  /** The newest that counts, as in the summary; it may be older than all of `proofs`. */
  last_proof: ParityReport | null;
}

/** State of the companion as the server knows it. */
export type CompanionState = 'stopped' | 'starting' | 'ready' | 'degraded' | 'failed';

/** Answer of server `GET status`. */
export interface IStatus {
  companion: CompanionState;
  since_us: number;
  /** Last lines of the companion's log, oldest first, at most 100. */
  log: string[];
  versions: { server: string; companion: string | null; node: string | null };
  user: string;
  /** Folder that Jupyter Server serves: what paths of the file browser count from. */
  root: string;
  /** Path of the settings file in use; null when there is none. */
  config: string | null;
  /** Where the settings are looked for, in order. */
  config_candidates: string[];
  /** Whether `TWINSTORE_CONFIG` names the only one of these. */
  config_is_named: boolean;
  error: IErrorBody | null;
}
