import { join } from 'node:path';

import type { FeatureGroupDefinition, ParityReport, Receipt } from '../../../src/contract';
import { add, field, metaData, PROTOCOL, toParquet, write, writeCommit } from './delta_files';

/** A feature group's files in a local folder, commit by commit. */
export class GroupFiles {
  constructor(
    readonly location: string,
    name: string,
    private readonly tableId = `id-of-${name}`
  ) {
    this.definition = {
      name,
      keys: ['household_id'],
      event_timestamp: 'day',
      columns: [
        { name: 'household_id', type: 'string' },
        { name: 'day', type: 'date' }
      ],
      ttl_seconds: null,
      offline: location,
      online: `feature_store.${name}`
    };
  }

  readonly definition: FeatureGroupDefinition;

  create(properties: Record<string, string> = {}): this {
    const fields = [field('household_id', 'string'), field('day', 'date')];
    const definition = { 'twinstore.definition': JSON.stringify(this.definition), 'twinstore.format': '1' };
    writeCommit(this.location, 0, [PROTOCOL, metaData(fields, { ...definition, ...properties }, this.tableId)]);
    return this;
  }

  /** A commit of one file whose newest event is on a day. */
  commit(version: number, day: string): this {
    const stats = JSON.stringify({ numRecords: 1, maxValues: { day } });
    writeCommit(this.location, version, [add(`part-${version}`, { stats })]);
    return this;
  }

  receipt(from: number, to: number, extra: Partial<Receipt> = {}): this {
    const receipt: Receipt = {
      run_id: `run-${to}`,
      operation: 'write',
      group: this.definition.name,
      table_id: this.tableId,
      repeatable: true,
      version: to,
      gap: { from, to },
      write_timestamp_us: 1,
      max_event_us: null,
      rows_in: 1,
      appended: 1,
      unchanged: 0,
      written: 1,
      deleted: 0,
      late: 0,
      corrected: 0,
      superseded: 0,
      expired: 0,
      failed: 0,
      unconfirmed: 0,
      foreign: 0,
      resumed: ['run-0'],
      by: 'tester',
      at_us: to * 1_000_000,
      durations_s: { append: 0.5 },
      kept: true,
      notes: ['a note'],
      ...extra
    };
    return this.record('receipts', { ...receipt, kept: undefined, durations_s: JSON.stringify(receipt.durations_s) });
  }

  proof(version: number, extra: Partial<ParityReport> = {}): this {
    const report: ParityReport = {
      id: `proof-${version}`,
      group: this.definition.name,
      table_id: this.tableId,
      verdict: 'in_parity',
      coverage: { how: 'full', keys_compared: 1, keys_total: 1, extra_checked: true, base_proof: null },
      version,
      receipt_run_id: null,
      states: {
        match: 1,
        missing_online: 0,
        extra_online: 0,
        stale_online: 0,
        ahead_online: 0,
        mismatch: 0,
        expired: 0,
        in_flight: 0
      },
      columns: [],
      tolerances: {},
      offenders: { total: 0, shown: [] },
      engine: 'spark',
      by: 'tester',
      at_us: version * 1_000_000 + 500_000,
      duration_s: 1.5,
      kept: true,
      notes: [],
      ...extra
    };
    const { id, group, table_id, verdict, coverage, engine, by, at_us } = report;
    const row = { id, group, table_id, version: report.version, verdict, engine, by, at_us };
    return this.record('proofs', { ...row, coverage: JSON.stringify(coverage), report: JSON.stringify(report) });
  }

  failedRow(version: number, key: string, atUs: number): this {
    return this.record('failed_rows', {
      run_id: 'run',
      key,
      reason: 'empty key',
      payload: '{}',
      at_us: atUs,
      table_id: this.tableId,
      version
    });
  }

  /** One commit of one row to a small table beside the group. Whole numbers are 64-bit, as Spark writes them. */
  record(table: string, row: Record<string, unknown>): this {
    const location = join(this.location, '_twinstore', table);
    const version = this.versions.get(table) ?? 0;
    this.versions.set(table, version + 1);
    // A column that is null has no type yet, and none of it stands in the file.
    const present = Object.fromEntries(Object.entries(wide(row)).filter(([, value]) => value !== null));
    const bytes = toParquet([present]);
    write(join(location, `part-${version}`), bytes);
    const types = this.types.get(table) ?? new Map<string, unknown>();
    this.types.set(table, types);
    Object.entries(present).forEach(([name, value]) => types.set(name, deltaType(value)));
    const columns = Object.keys(row).map(name => field(name, types.get(name) ?? 'string'));
    const first = version === 0 ? [PROTOCOL] : [];
    const meta = metaData(columns, {}, `${this.tableId}-${table}`);
    writeCommit(location, version, [...first, meta, add(`part-${version}`, { size: bytes.length })]);
    return this;
  }

  private readonly versions = new Map<string, number>();
  private readonly types = new Map<string, Map<string, unknown>>();
}

function wide(row: Record<string, unknown>): Record<string, unknown> {
  const widen = (value: unknown): unknown =>
    typeof value === 'number'
      ? BigInt(value)
      : typeof value === 'object' && value !== null && !Array.isArray(value)
        ? wide(value as Record<string, unknown>)
        : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, widen(value)]));
}

/** The type of a value that `toParquet` writes. */
function deltaType(value: unknown): unknown {
  if (Array.isArray(value)) {
    return { type: 'array', elementType: deltaType(value[0]), containsNull: true };
  }
  switch (typeof value) {
    case 'bigint':
      return 'long';
    case 'boolean':
      return 'boolean';
    case 'object':
      return structType(value as object);
    default:
      return 'string';
  }
}

function structType(value: object): object {
  const fields = Object.entries(value).map(([name, inner]) => field(name, deltaType(inner)));
  return { type: 'struct', fields };
}
