import { enables } from './catalog';
import type { IColumn, Table } from './catalog';
import { columnOf, equalTerms, keyIndexes, partitionKey, valueOf } from './columns';
import { invalid } from './errors';
import type { ISpec } from './messages';
import type { ICircumstances, IMutation, IOutcome, IWritePlan } from './plan';
import type { IStamp, Row } from './row';
import { routingKey } from './row';
import { checkColumns, checkSizes, checkTimestamp } from './rules';
import type { IAssignment, IModification, Term } from './statements';
import { BIGINT, BOOLEAN, INT } from './types';
import { Variables } from './variables';
import type { Evaluate } from './variables';
import type { BoundValue } from './wire';

const BYTES_PER_UNIT = 1024;
/** Twenty years. */
const MAX_TTL_S = 630_720_000;

const APPLIED: ISpec = { name: '[applied]', type: BOOLEAN };

/** A column and what it is set to, or held against. */
interface ISet {
  column: IColumn;
  evaluate: Evaluate;
}

/** A condition on the row: whether it holds, and the columns to show where it does not. */
interface ICheck {
  columns: readonly IColumn[];
  holds(row: Row | null, nowS: number, values: readonly BoundValue[]): boolean;
}

/** Resolves an INSERT, UPDATE or DELETE. Throws where the table does not have what it names. */
export function planModification(modification: IModification, table: Table, circumstances: ICircumstances): IWritePlan {
  const { definition } = table;
  const variables = new Variables();
  const setOf = ({ column, term }: IAssignment): ISet => {
    const found = columnOf(definition, column);
    return { column: found, evaluate: variables.evaluator(term, found) };
  };
  const set = modification.set.map(setOf);
  const where = whereOf(modification);
  const key = partitionKey(definition).map(column => {
    const term = where.get(column.name);
    if (term === undefined) {
      throw invalid(`Some partition key parts are missing: ${column.name}`);
    }
    return setOf({ column: column.name, term });
  });
  const regular = set.filter(({ column }) => column.kind === 'regular');
  refuseMisplaced(modification, set, where, definition.columns);
  const ttl = usingOf(modification, table, circumstances, variables, 'ttl');
  const timestamp = usingOf(modification, table, circumstances, variables, 'timestamp');
  checkColumns(circumstances.rules, regular.length, ttl !== null || enables(definition, 'ttl'));
  const check = checkOf(modification, definition.columns, setOf);

  return {
    kind: 'write',
    keyspace: definition.keyspace,
    table: definition.name,
    definition,
    variables,
    keyIndexes: keyIndexes(definition, where),
    columns: [],
    mutation: (values, driverStampUs) => {
      const { rules, clock } = circumstances;
      const keyValues = key.map(({ column, evaluate }) => keyValue(column, evaluate(values)));
      const written = regular.map(({ column, evaluate }) => ({ column: column.name, value: evaluate(values) }));
      const routing = routingKey(keyValues);
      const bytes = written.reduce((sum, { value }) => sum + (value?.length ?? 0), routing.length);
      if (routing.length === 0) {
        throw invalid('Key may not be empty');
      }
      checkSizes(rules, routing.length, bytes);
      const given = timestamp === null ? driversStamp(table, circumstances, driverStampUs) : stampOf(timestamp(values));
      if (given !== null && check === null) {
        checkTimestamp(rules, given, clock.nowMs());
      }
      // A condition is settled by the server's clock alone.
      const stampUs = check === null ? (given ?? clock.stampUs()) : clock.stampUs();
      const seconds = ttl === null ? definition.defaultTtlS : ttlOf(ttl(values), definition.defaultTtlS);

      const write = (): void => {
        const row = table.row(keyValues);
        const stamp: IStamp = { timestamp: stampUs, expiresS: seconds === 0 ? null : clock.nowS() + seconds };
        if (modification.kind === 'delete') {
          row.delete(stampUs);
          return;
        }
        if (modification.kind === 'insert') {
          row.insert(stamp);
        }
        for (const { column, value } of written) {
          if (value !== undefined) {
            row.write(column, value, stamp);
          }
        }
      };

      return {
        partition: `${definition.keyspace}.${definition.name} ${routing.toString('hex')}`,
        units: Math.max(1, Math.ceil(bytes / BYTES_PER_UNIT)),
        isConditional: check !== null,
        apply: () => {
          const outcome = check === null ? DONE : outcomeOf(check, table.find(keyValues), clock.nowS(), values);
          if (outcome.applied) {
            write();
          }
          return outcome;
        }
      } satisfies IMutation;
    }
  };
}

const DONE: IOutcome = { applied: true, columns: [], values: [] };

/** What a condition answers: whether it held, and if not, the row that it was held against. */
export function conditionRows(outcome: IOutcome): { columns: readonly ISpec[]; rows: (Buffer | null)[][] } {
  return {
    columns: [APPLIED, ...outcome.columns],
    rows: [[Buffer.from([Number(outcome.applied)]), ...outcome.values]]
  };
}

function outcomeOf(check: ICheck, row: Row | null, nowS: number, values: readonly BoundValue[]): IOutcome {
  const live = row?.isLive(nowS) === true ? row : null;
  if (check.holds(live, nowS, values)) {
    return DONE;
  }
  return live === null
    ? { applied: false, columns: [], values: [] }
    : { applied: false, columns: check.columns, values: check.columns.map(column => valueOf(live, column, nowS)) };
}

function checkOf(
  { condition }: IModification,
  columns: readonly IColumn[],
  setOf: (assignment: IAssignment) => ISet
): ICheck | null {
  switch (condition?.kind) {
    case undefined:
      return null;
    case 'exists':
      return { columns: [], holds: row => row !== null };
    case 'notExists':
      return { columns, holds: row => row === null };
    case 'equal': {
      const expected = condition.columns.map(setOf);
      return {
        columns: expected.map(({ column }) => column),
        holds: (row, nowS, values) =>
          row !== null &&
          expected.every(({ column, evaluate }) => equal(valueOf(row, column, nowS), evaluate(values) ?? null))
      };
    }
  }
}

function equal(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** What the key's columns equal. Throws where a relation says anything else. */
function whereOf({ kind, set, where }: IModification): ReadonlyMap<string, Term> {
  if (kind === 'insert') {
    return new Map(set.map(({ column, term }) => [column, term]));
  }
  const equal = equalTerms(where);
  if (equal.size !== where.length) {
    throw invalid(`${kind.toUpperCase()} takes only equality with each column of the primary key`);
  }
  return equal;
}

function refuseMisplaced(
  { kind }: IModification,
  set: readonly ISet[],
  where: ReadonlyMap<string, Term>,
  columns: readonly IColumn[]
): void {
  if (kind === 'insert') {
    return;
  }
  const key = set.find(({ column }) => column.kind === 'partition_key');
  if (key !== undefined) {
    throw invalid(`PRIMARY KEY part ${key.column.name} found in SET part`);
  }
  const outside = [...where.keys()].find(name => !columns.some(column => column.name === name && column.position >= 0));
  if (outside !== undefined) {
    throw invalid(`Non PRIMARY KEY columns found in where clause: ${outside}`);
  }
}

/** The value of `USING`, which the table's properties may have to allow; null where the statement has none. */
function usingOf(
  { using, condition }: IModification,
  { definition }: Table,
  { rules }: ICircumstances,
  variables: Variables,
  kind: 'ttl' | 'timestamp'
): Evaluate | null {
  const term = using[kind];
  if (term === null) {
    return null;
  }
  const property = kind === 'ttl' ? 'ttl' : 'client_side_timestamps';
  if (rules.custom_properties && !enables(definition, property)) {
    throw invalid(`USING ${kind.toUpperCase()} needs ${property}, which is not enabled for this table.`);
  }
  if (kind === 'timestamp' && condition !== null) {
    throw invalid('Cannot provide custom timestamp for conditional updates');
  }
  return variables.evaluator(term, { name: `[${kind}]`, type: kind === 'ttl' ? INT : BIGINT });
}

function keyValue(column: IColumn, value: BoundValue): Buffer {
  if (value === null || value === undefined) {
    throw invalid(`Invalid ${value === null ? 'null' : 'unset'} value in condition for column ${column.name}`);
  }
  return value;
}

/** What the driver proposes, which counts only where the table takes timestamps of clients. */
function driversStamp({ definition }: Table, { rules }: ICircumstances, stampUs: bigint | null): bigint | null {
  return !rules.custom_properties || enables(definition, 'client_side_timestamps') ? stampUs : null;
}

function stampOf(value: BoundValue): bigint | null {
  if (value === null) {
    throw invalid('Invalid null value of timestamp');
  }
  return value === undefined ? null : value.readBigInt64BE(0);
}

function ttlOf(value: BoundValue, defaultS: number): number {
  const seconds = value === undefined ? defaultS : (value?.readInt32BE(0) ?? 0);
  if (seconds < 0) {
    throw invalid(`A TTL must be greater or equal to 0, but was ${seconds}`);
  }
  if (seconds > MAX_TTL_S) {
    throw invalid(`ttl is too large. requested (${seconds}) maximum (${MAX_TTL_S})`);
  }
  return seconds;
}
