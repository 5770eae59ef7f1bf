import { differing, groupState, TwinstoreError } from '../../contract';
import type {
  FeatureGroupDefinition,
  IErrorBody,
  IGroupFacts,
  IGroupSummary,
  ParityReport,
  Receipt
} from '../../contract';
import { WatchedTable } from '../delta';
import type { IEngine, Snapshot } from '../delta';
import { readOnlineTables } from '../online';
import type { IOnlineTable, IOnlineTables, OnlineStore } from '../online';
import { newestEventUs } from './freshness';
import { besideTable, RecordsTable } from './records_table';
import { Receipts } from './receipts';
import { toFailedRow, toProofRow } from './records';
import type { IFailedRow, IProofRow } from './records';
import { setVersion, watermark } from './watermark';

/** What groups are read with. */
export interface IGroupServices {
  engine: IEngine;
  online: OnlineStore;
  /** µs since the epoch. */
  nowUs: () => number;
  proofMaxAgeS: number;
  /** The error as it may leave the process. */
  toBody: (error: unknown) => IErrorBody;
}

/** A folder that may be a feature group: its Delta table and the small tables beside it, looked at again and again. */
export class GroupFolder {
  /** @param location Canonical. */
  constructor(
    private readonly services: IGroupServices,
    readonly location: string
  ) {
    const beside = (name: string) => besideTable(location, name);
    this.table = new WatchedTable(services.engine, location);
    this.receiptRecords = new Receipts(services.engine, location);
    this.proofRecords = new RecordsTable(services.engine, beside('proofs'), toProofRow);
    this.failedRecords = new RecordsTable(services.engine, beside('failed_rows'), toFailedRow);
  }

  /** The table as it is now; null when there is none. */
  snapshot(signal: AbortSignal): Promise<Snapshot | null> {
    return this.table.snapshot(signal);
  }

  /** Receipts of the table, newest first. */
  receipts(snapshot: Snapshot, signal: AbortSignal): Promise<Receipt[]> {
    return this.receiptRecords.of(snapshot, signal);
  }

  /** Proofs of the table, newest first. */
  async proofs({ metadata }: Snapshot, signal: AbortSignal): Promise<IProofRow[]> {
    const proofs = await this.proofRecords.read(signal);
    return proofs.filter(({ tableId }) => tableId === metadata.id).sort((a, b) => b.atUs - a.atUs);
  }

  /** What a list shows of the group. An online store that does not answer is part of the answer, not an error. */
  async summary(snapshot: Snapshot, definition: FeatureGroupDefinition, signal: AbortSignal): Promise<IGroupSummary> {
    if (snapshot.refusal !== null) {
      return unreadable(this.location, definition, this.services.toBody(snapshot.refusal));
    }
    const { online: store, nowUs, proofMaxAgeS, toBody } = this.services;
    const [receipts, proofs, failed, online] = await Promise.all([
      this.receipts(snapshot, signal),
      this.proofs(snapshot, signal),
      this.failedRecords.read(signal),
      this.online(definition, signal)
    ]);
    const head = snapshot.version;
    const mark = watermark(receipts.map(({ gap }) => gap));
    const proof = newestThatCounts(proofs);
    const report = proof?.report() ?? null;
    const failedRows = remaining(failed, snapshot.metadata.id, proof);
    const unreachable = online instanceof TwinstoreError;
    const apart = unreachable ? undefined : online.tables.find(table => ownership(table, snapshot) !== 'own');
    const { state, words } = groupState({
      unreachable: unreachable ? [store.name] : [],
      head,
      watermark: mark,
      running: !unreachable && online.inFlight ? 1 : 0,
      failedRows,
      materializedAt: setVersion(receipts, proofs.find(isFullParity)?.atUs ?? null),
      onlineTable: apart ? ownership(apart, snapshot) : 'own',
      lastReceiptUs: receipts[0]?.at_us ?? null,
      lastProof: report && { ...report, differing: differing(report.states) },
      proofMaxAgeS,
      nowUs: nowUs()
    });
    const problem = unreachable ? online : apart ? this.mismatch(apart, snapshot, mark) : null;
    return {
      name: definition.name,
      offline: this.location,
      online: definition.online,
      state,
      words,
      head,
      watermark: mark,
      lag: Math.max(0, head - mark),
      offline_event_us:
        receipts.find(({ gap }) => gap.to === head)?.max_event_us ?? this.newestEvent(snapshot, definition),
      online_event_us: receipts.find(({ gap }) => gap.to === mark)?.max_event_us ?? null,
      last_receipt: receipts[0] ?? null,
      last_proof: report && briefProof(report),
      newest_proof_id: proofs[0]?.id ?? null,
      error: problem && toBody(problem)
    };
  }

  private async online(
    definition: FeatureGroupDefinition,
    signal: AbortSignal
  ): Promise<IOnlineTables | TwinstoreError> {
    try {
      return await readOnlineTables(this.services.online, definition, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TwinstoreError) {
        return error;
      }
      throw error;
    }
  }

  /** What is wrong with an online table that is not this group's. */
  private mismatch(table: IOnlineTable, { metadata }: Snapshot, mark: number): TwinstoreError | null {
    if (table.exists) {
      return new TwinstoreError(
        'conflict',
        `The online table ${table.name} does not belong to the Delta table at ${this.location}.`,
        'Name another online table, or drop this one and write the group anew.',
        { side: 'store', details: `Its comment names table id ${table.tableId ?? 'none'}, not ${metadata.id}.` }
      );
    }
    if (mark < 0) {
      return null;
    }
    return new TwinstoreError(
      'not_found',
      `The online table ${table.name} does not exist though receipts say that it was written.`,
      'If it was dropped on purpose, write the group anew.',
      { side: 'store' }
    );
  }

  private newestEvent(snapshot: Snapshot, definition: FeatureGroupDefinition): number | null {
    if (this.eventOf !== snapshot) {
      this.eventOf = snapshot;
      this.eventUs = newestEventUs(snapshot, definition);
    }
    return this.eventUs;
  }

  private readonly table: WatchedTable;
  private readonly receiptRecords: Receipts;
  private readonly proofRecords: RecordsTable<IProofRow>;
  private readonly failedRecords: RecordsTable<IFailedRow>;
  private eventOf: Snapshot | null = null;
  private eventUs: number | null = null;
}

/** What a list shows of a group whose table cannot be read just now. */
export function unreadable(location: string, definition: FeatureGroupDefinition, error: IErrorBody): IGroupSummary {
  return {
    name: definition.name,
    offline: location,
    online: definition.online,
    state: 'unreachable',
    words: 'cannot be read',
    head: null,
    watermark: null,
    lag: null,
    offline_event_us: null,
    online_event_us: null,
    last_receipt: null,
    last_proof: null,
    newest_proof_id: null,
    error
  };
}

/** Whose the online table is, by the id that its comment names. */
function ownership({ exists, tableId }: IOnlineTable, { metadata }: Snapshot): IGroupFacts['onlineTable'] {
  return !exists ? 'missing' : tableId === metadata.id ? 'own' : 'foreign';
}

function isFullParity({ how, verdict }: IProofRow): boolean {
  return how === 'full' && verdict === 'in_parity';
}

/** Of proofs, newest first, the one that counts: sampled and unknown ones never change the shown state. */
export function newestThatCounts(proofs: readonly IProofRow[]): IProofRow | null {
  return proofs.find(({ how, verdict }) => how !== 'sampled' && verdict !== 'unknown') ?? null;
}

/**
 * Keys set aside that may still not be online. A later proof in parity settles those before it: it would have found
 * them missing.
 */
function remaining(failed: readonly IFailedRow[], tableId: string, proof: IProofRow | null): number {
  const settled = proof?.verdict === 'in_parity' ? proof : null;
  const open = failed.filter(
    row =>
      row.tableId === tableId && (settled === null || row.atUs > settled.atUs || row.version > (settled.version ?? -1))
  );
  return new Set(open.map(({ key }) => key)).size;
}

function briefProof(report: ParityReport): IGroupSummary['last_proof'] {
  const { id, verdict, version, at_us, by, coverage, states, duration_s } = report;
  return { id, verdict, version, at_us, by, coverage, states, duration_s };
}
