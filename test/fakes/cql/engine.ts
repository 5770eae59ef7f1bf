import { createHash } from 'node:crypto';

import { Catalog } from './catalog';
import type { Table } from './catalog';
import type { Clock } from './clock';
import { define, keyspaceOf } from './define';
import { beyondFake, CqlError, invalid, readTimeout, unprepared, writeTimeout } from './errors';
import type { IBatchItem, IParameters, IPrepared, Result } from './messages';
import { conditionRows, planModification } from './modify';
import { parse } from './parser';
import type { ICircumstances, IMutation, INode, IOutcome, IReadable, IReadPlan, IWritePlan } from './plan';
import { checkBatch, checkConsistency } from './rules';
import type { IRules } from './rules';
import { planSelect } from './select';
import type { IModification, ISelect, Statement } from './statements';
import { isSystem, systemTable } from './system_tables';
import type { ISystem } from './system_tables';
import { Throttle } from './throttle';
import type { BoundValue } from './wire';

/** What a connection has of its own. */
export interface ISession {
  node: INode;
  keyspace: string | null;
}

export interface IAnswer {
  result: Result;
  warnings: readonly string[];
  /** Whether a client that has the columns from PREPARE has them all. */
  hasPreparedColumns: boolean;
}

/** What happened since the start. */
export interface IReport {
  reads: number;
  /** Rows that were to be written, in batches or alone. */
  writes: number;
  definitions: number;
  read_timeouts: number;
  write_timeouts: number;
  /** Timed-out writes that were kept all the same. */
  kept: number;
  /** The most write units that were asked for within one second of the clock. */
  peak_write_units_per_s: number;
  /** How often each refusal was answered. */
  refused: Record<string, number>;
}

type WriteKind = Parameters<typeof writeTimeout>[1];
type DataPlan = IReadPlan | IWritePlan;

/** A read unit is so much at LOCAL_QUORUM. */
const BYTES_PER_READ_UNIT = 4096;

/** Runs statements against the tables, as the rules allow. */
export class Engine implements ICircumstances, ISystem {
  constructor(
    private ruled: IRules,
    readonly clock: Clock,
    readonly nodes: readonly INode[],
    readonly datacenter: string
  ) {
    this.catalog = new Catalog(clock);
    this.throttle = new Throttle(ruled.throttle, clock);
  }

  readonly catalog: Catalog;
  readonly report: IReport = {
    reads: 0,
    writes: 0,
    definitions: 0,
    read_timeouts: 0,
    write_timeouts: 0,
    kept: 0,
    peak_write_units_per_s: 0,
    refused: {}
  };

  get rules(): IRules {
    return this.ruled;
  }

  set rules(rules: IRules) {
    this.ruled = rules;
    this.throttle = new Throttle(rules.throttle, this.clock);
  }

  query(cql: string, parameters: IParameters, session: ISession): IAnswer {
    return this.counted(() => {
      const statement = parse(cql);
      if (isData(statement)) {
        return this.run(this.plan(statement, session), parameters, session);
      }
      checkConsistency(this.rules, parameters.consistency, false);
      if (statement.kind === 'use') {
        session.keyspace = this.usable(statement.keyspace);
        return answer({ kind: 'keyspace', keyspace: statement.keyspace });
      }
      this.report.definitions += 1;
      const { result, warnings } = define(statement, session.keyspace, this.catalog, this.rules);
      return { ...answer(result), warnings };
    });
  }

  prepare(cql: string, session: ISession): IPrepared {
    return this.counted(() => {
      const statement = parse(cql);
      if (!isData(statement)) {
        throw this.rules.prepare_data_only
          ? invalid('Only SELECT, INSERT, UPDATE and DELETE can be prepared')
          : beyondFake('how to prepare a statement that is not on data');
      }
      const plan = this.plan(statement, session);
      const id = createHash('md5')
        .update(`${session.keyspace ?? ''} ${cql}`)
        .digest();
      this.prepared.set(id.toString('hex'), plan);
      return { ...plan, variables: plan.variables.specs, id };
    });
  }

  execute(id: Buffer, parameters: IParameters, session: ISession): IAnswer {
    return this.counted(() => this.run(this.kept(id), parameters, session));
  }

  batch(logged: boolean, items: readonly IBatchItem[], parameters: IParameters, session: ISession): IAnswer {
    return this.counted(() => {
      checkConsistency(this.rules, parameters.consistency, true);
      const mutations = items.map(item => this.mutationOf(item, parameters, session));
      const partitions = new Set(mutations.map(({ partition }) => partition));
      checkBatch(this.rules, logged, items.length, partitions.size);
      this.write(mutations, parameters, logged ? 'BATCH' : 'UNLOGGED_BATCH');
      return answer({ kind: 'void' });
    });
  }

  private run(plan: DataPlan, parameters: IParameters, session: ISession): IAnswer {
    const isWrite = plan.kind === 'write';
    checkConsistency(this.rules, parameters.consistency, isWrite);
    const values = plan.variables.bind(parameters.values);
    return isWrite ? this.runWrite(plan, values, parameters) : this.runRead(plan, values, parameters, session);
  }

  private runRead(
    plan: IReadPlan,
    values: readonly BoundValue[],
    parameters: IParameters,
    { node }: ISession
  ): IAnswer {
    const page = plan.read(values, node, parameters);
    if (plan.definition !== null) {
      this.report.reads += 1;
      const bytes = page.rows.flat().reduce((sum, value) => sum + (value?.length ?? 0), 0);
      if (!this.throttle.read(plan.table, Math.max(1, Math.ceil(bytes / BYTES_PER_READ_UNIT)))) {
        this.report.read_timeouts += 1;
        throw readTimeout(parameters.consistency);
      }
    }
    return { ...answer({ kind: 'rows', ...page }), hasPreparedColumns: true };
  }

  private runWrite(plan: IWritePlan, values: readonly BoundValue[], parameters: IParameters): IAnswer {
    const mutation = plan.mutation(values, parameters.timestampUs);
    if (!mutation.isConditional) {
      this.write([mutation], parameters, 'SIMPLE');
      return answer({ kind: 'void' });
    }
    const [outcome] = this.write([mutation], parameters, 'CAS');
    const { keyspace, table } = plan;
    return answer({ kind: 'rows', keyspace, table, pagingState: null, ...conditionRows(outcome as IOutcome) });
  }

  /** Does all of it, or times out and does all or nothing. */
  private write(mutations: readonly IMutation[], { consistency }: IParameters, kind: WriteKind): IOutcome[] {
    const units = mutations.reduce((sum, mutation) => sum + mutation.units, 0);
    this.report.writes += mutations.length;
    this.countUnits(units);
    const fate = this.throttle.write(mutations[0]?.partition.split(' ')[0] ?? '', units);
    const outcomes = fate === 'lost' ? [] : mutations.map(mutation => mutation.apply());
    if (fate === 'done') {
      return outcomes;
    }
    this.report.write_timeouts += 1;
    this.report.kept += fate === 'kept' ? 1 : 0;
    throw writeTimeout(consistency, kind);
  }

  private countUnits(units: number): void {
    const second = this.clock.nowS();
    this.inSecond = second === this.second ? this.inSecond + units : units;
    this.second = second;
    this.report.peak_write_units_per_s = Math.max(this.report.peak_write_units_per_s, this.inSecond);
  }

  private mutationOf({ statement, values }: IBatchItem, parameters: IParameters, session: ISession): IMutation {
    const plan = 'id' in statement ? this.kept(statement.id) : this.planOf(statement.cql, session);
    if (plan.kind !== 'write') {
      throw invalid('Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.');
    }
    const mutation = plan.mutation(plan.variables.bind(values), parameters.timestampUs);
    if (mutation.isConditional) {
      throw beyondFake('conditions in a batch');
    }
    return mutation;
  }

  private planOf(cql: string, session: ISession): DataPlan {
    const statement = parse(cql);
    if (!isData(statement)) {
      throw invalid('Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.');
    }
    return this.plan(statement, session);
  }

  private plan(statement: ISelect | IModification, session: ISession): DataPlan {
    const keyspace = keyspaceOf(statement.table, session.keyspace);
    if (statement.kind === 'select') {
      return planSelect(statement, this.readable(keyspace, statement.table.table), this);
    }
    return planModification(statement, this.catalog.table(keyspace, statement.table.table), this);
  }

  private readable(keyspace: string, name: string): IReadable {
    const system = systemTable(this, keyspace, name);
    if (system !== null) {
      return system;
    }
    if (isSystem(keyspace)) {
      throw invalid(`unconfigured table ${name}`);
    }
    return userTable(this.catalog.table(keyspace, name));
  }

  /** A prepared plan. Where its table has changed it is forgotten, and the client has to prepare it again. */
  private kept(id: Buffer): DataPlan {
    const key = id.toString('hex');
    const plan = this.prepared.get(key);
    if (plan === undefined || !this.isCurrent(plan)) {
      this.prepared.delete(key);
      throw unprepared(id);
    }
    return plan;
  }

  private isCurrent({ keyspace, table, definition }: DataPlan): boolean {
    return definition === null || this.catalog.find(keyspace, table)?.definition === definition;
  }

  private usable(keyspace: string): string {
    return isSystem(keyspace) ? keyspace : this.catalog.keyspace(keyspace).name;
  }

  private counted<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof CqlError && error.isRefusal) {
        this.report.refused[error.message] = (this.report.refused[error.message] ?? 0) + 1;
      }
      throw error;
    }
  }

  private throttle: Throttle;
  private readonly prepared = new Map<string, DataPlan>();
  private second = 0;
  private inSecond = 0;
}

function isData(statement: Statement): statement is ISelect | IModification {
  return ['select', 'insert', 'update', 'delete'].includes(statement.kind);
}

function answer(result: Result): IAnswer {
  return { result, warnings: [], hasPreparedColumns: false };
}

function userTable(table: Table): IReadable {
  const { definition } = table;
  return {
    keyspace: definition.keyspace,
    name: definition.name,
    columns: definition.columns,
    definition,
    rows: () => table.scan(),
    find: key => table.find(key)
  };
}
