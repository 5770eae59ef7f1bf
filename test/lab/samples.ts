import { Signal } from '@lumino/signaling';
import type {
  IErrorBody,
  IGroupAnswer,
  IGroupSummary,
  IHealth,
  IJob,
  IPreviewEnd,
  IStatus,
  ITableAnswer,
  ParityReport,
  Receipt,
  StateCounts
} from '../../src/contract';
import type { ConnectionPhase, IAppearance, IHealthModel } from '../../src/tokens';

export const NOW_US = Date.UTC(2026, 2, 1, 12) * 1000;

/** An error as routes and jobs tell it. */
export function aProblem(message: string, remedy: string, change: Partial<IErrorBody> = {}): IErrorBody {
  return { code: 'store_failed', message, remedy, side: 'store', details: '', requestId: '', ...change };
}

export function aStatus(change: Partial<IStatus> = {}): IStatus {
  return {
    companion: 'ready',
    since_us: NOW_US,
    log: [],
    versions: { server: '0.1.0', companion: '0.1.0', node: 'v20.0.0' },
    user: 'ana',
    root: '/home/ana',
    config: '/home/ana/twinstore.toml',
    config_candidates: ['/home/ana/twinstore.toml', '/home/ana/.config/twinstore/twinstore.toml'],
    config_is_named: false,
    error: null,
    ...change
  };
}

export function aHealth(change: Partial<IHealth> = {}): IHealth {
  return {
    protocol: 1,
    version: '0.1.0',
    node: 'v20.0.0',
    environment: 'demo',
    acting_as: 'local',
    stores: [
      { name: 'S3', address: 'http://127.0.0.1:9000', ok: true, took_ms: 3, last_seen_us: NOW_US, error: null },
      { name: 'Cassandra', address: '127.0.0.1:9042', ok: true, took_ms: 1, last_seen_us: NOW_US, error: null }
    ],
    ...change
  };
}

export function aReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    run_id: 'r1',
    operation: 'write',
    group: 'energy',
    table_id: 't1',
    repeatable: true,
    version: 41,
    gap: { from: 40, to: 41 },
    write_timestamp_us: NOW_US,
    max_event_us: null,
    rows_in: 126000,
    appended: 126000,
    unchanged: 0,
    written: 200,
    deleted: 0,
    late: 0,
    corrected: 0,
    superseded: 125800,
    expired: 0,
    failed: 0,
    unconfirmed: 0,
    foreign: 0,
    resumed: [],
    by: 'ana',
    at_us: NOW_US,
    durations_s: { append: 6.1 },
    kept: true,
    notes: [],
    ...change
  };
}

export function states(change: Partial<StateCounts> = {}): StateCounts {
  return {
    match: 0,
    missing_online: 0,
    extra_online: 0,
    stale_online: 0,
    ahead_online: 0,
    mismatch: 0,
    expired: 0,
    in_flight: 0,
    ...change
  };
}

export function aReport(change: Partial<ParityReport> = {}): ParityReport {
  return {
    id: 'p1',
    group: 'energy',
    table_id: 't1',
    verdict: 'in_parity',
    coverage: { how: 'full', keys_compared: 5560, keys_total: 5560, extra_checked: true, base_proof: null },
    version: 41,
    receipt_run_id: 'r1',
    states: states({ match: 5560 }),
    columns: [],
    tolerances: {},
    offenders: { total: 0, shown: [] },
    engine: 'spark 3.5.6',
    by: 'ana',
    at_us: NOW_US,
    duration_s: 0.93,
    kept: true,
    notes: [],
    ...change
  };
}

export function aSummary(change: Partial<IGroupSummary> = {}): IGroupSummary {
  const proof = aReport();
  const { name = 'energy' } = change;
  return {
    name,
    offline: `s3a://features/${name}`,
    online: `feature_store.${name}`,
    state: 'in_parity',
    words: 'in parity',
    head: 41,
    watermark: 41,
    lag: 0,
    offline_event_us: NOW_US,
    online_event_us: NOW_US,
    last_receipt: aReceipt(),
    last_proof: {
      id: proof.id,
      verdict: proof.verdict,
      version: proof.version,
      at_us: proof.at_us,
      by: proof.by,
      coverage: proof.coverage,
      states: proof.states,
      duration_s: proof.duration_s
    },
    newest_proof_id: proof.id,
    error: null,
    ...change
  };
}

export function anAnswer(change: Partial<IGroupSummary> = {}): IGroupAnswer {
  const summary = aSummary(change);
  return {
    summary,
    table_id: 't1',
    definition: {
      name: summary.name,
      keys: ['household_id'],
      event_timestamp: 'day',
      ttl_seconds: null,
      offline: summary.offline,
      online: summary.online,
      columns: [
        { name: 'household_id', type: 'string' },
        { name: 'day', type: 'date' },
        { name: 'energy_sum', type: 'double' }
      ]
    }
  };
}

export function aJob(change: Partial<IJob> = {}): IJob {
  return {
    id: 'j1',
    verb: 'run',
    args: { notebook: 'notebooks/energy_features.ipynb' },
    title: 'energy_features.ipynb',
    output: null,
    state: 'running',
    started_us: NOW_US,
    ended_us: null,
    progress: null,
    result: null,
    error: null,
    last_seq: 1,
    ...change
  };
}

export function aTable(change: Partial<ITableAnswer> = {}): ITableAnswer {
  return {
    location: 's3a://raw/events',
    version: 3,
    head: 3,
    committed_us: NOW_US,
    id: 't2',
    name: null,
    description: null,
    columns: [
      { name: 'id', type: 'bigint', nullable: false, partition: false, comment: null },
      { name: 'price', type: 'decimal(10,2)', nullable: true, partition: false, comment: 'in EUR' },
      { name: 'day', type: 'date', nullable: true, partition: true, comment: null }
    ],
    properties: { 'delta.enableChangeDataFeed': 'true' },
    protocol: { reader: 1, writer: 4, reader_features: [], writer_features: [] },
    files: 2,
    bytes: 2048,
    rows: 3,
    group: null,
    refusal: null,
    ...change
  };
}

export function aPreviewEnd(change: Partial<IPreviewEnd> = {}): IPreviewEnd {
  return {
    version: 3,
    rows: 3,
    what: 'all rows',
    complete: true,
    total: 3,
    files_read: 2,
    files_total: 2,
    bytes: 2048,
    requests: 4,
    took_ms: 12,
    ...change
  };
}

/** Appearance whose polls come too late for any test: what a test sees, it has asked for. */
export function quietAppearance(): IAppearance {
  const appearance = { refreshSeconds: 3600, rowLimit: 100, notifications: true };
  return Object.assign(appearance, { changed: new Signal<IAppearance, void>(appearance as IAppearance) });
}

/** A health model whose phase the test sets. */
export class SetHealth {
  phase: ConnectionPhase = 'ready';
  readonly phaseChanged = new Signal<SetHealth, ConnectionPhase>(this);

  set(phase: ConnectionPhase): void {
    this.phase = phase;
    this.phaseChanged.emit(phase);
  }

  get asModel(): IHealthModel {
    return this as unknown as IHealthModel;
  }
}
