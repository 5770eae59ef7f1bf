import { enables } from './catalog';
import { columnOf, equalTerms, keyIndexes, partitionKey, valueOf } from './columns';
import { beyondFake, invalid } from './errors';
import type { ISpec } from './messages';
import { onePage } from './paging';
import type { ICircumstances, IReadable, IReadableColumn, IReadPlan } from './plan';
import type { Row } from './row';
import type { ISelect, ISelector, Operator, Relation, Term } from './statements';
import { BIGINT, encodeJson, encodeValue, INT, TEXT } from './types';
import { Variables } from './variables';
import type { BoundValue } from './wire';

/** A column of the result and how it is read from a row. */
interface ISelected extends ISpec {
  read(row: Row, nowS: number): Buffer | null;
}

/** Which rows a relation lets through, when the values are known. */
type Filter = (values: readonly BoundValue[]) => (row: Row, nowS: number) => boolean;

/** Resolves a SELECT. Throws where the table does not have what it names, or where it needs ALLOW FILTERING. */
export function planSelect(select: ISelect, from: IReadable, circumstances: ICircumstances): IReadPlan {
  const variables = new Variables();
  const selected = resultOf(select, from, circumstances);
  const filters = select.where.map(relation => filterOf(relation, from, variables));
  const lookup = lookupOf(select, from, variables);
  refuseFiltering(select, from, lookup !== null);
  const limit = select.limit === null ? null : variables.evaluator(select.limit, { name: '[limit]', type: INT });
  // Only scans have pages: what is looked up is little, and rows of system tables share partitions.
  const hasPages = lookup === null && from.definition !== null;
  const columns = selected.map(({ name, type }) => ({ name, type }));

  return {
    kind: 'read',
    keyspace: from.keyspace,
    table: from.name,
    definition: from.definition,
    variables,
    keyIndexes: keyIndexes(from, equalTerms(select.where)),
    columns,
    read: (values, node, paging) => {
      const candidates = lookup === null ? from.rows(node) : lookup(values);
      const passing = filters.map(filter => filter(values));
      const nowS = circumstances.clock.nowS();
      const passes = (row: Row): boolean => row.isLive(nowS) && passing.every(pass => pass(row, nowS));
      const read = (row: Row): (Buffer | null)[] => selected.map(column => column.read(row, nowS));
      const most = limit === null ? null : limitOf(limit(values));
      const page = onePage(candidates, passes, read, most, hasPages ? paging : null, circumstances.rules);
      return { keyspace: from.keyspace, table: from.name, columns, ...page };
    }
  };
}

function resultOf(select: ISelect, from: IReadable, { rules, clock }: ICircumstances): ISelected[] {
  const all = from.columns.map(({ name }): ISelector => ({ kind: 'column', columns: [name], alias: null }));
  const columns = (select.selection === '*' ? all : select.selection).map(selector => {
    if (selector.kind === 'writetime' && from.definition !== null && rules.custom_properties) {
      if (!enables(from.definition, 'client_side_timestamps')) {
        throw invalid('WRITETIME needs client-side timestamps, which are not enabled for this table.');
      }
    }
    if (selector.kind === 'now') {
      const name = selector.alias ?? 'system.tounixtimestamp(system.now())';
      return { name, type: BIGINT, read: () => encodeValue(BIGINT, BigInt(clock.nowMs())) };
    }
    return selectedBy(selector.kind, selector, from);
  });
  return select.json ? [asJson(columns)] : columns;
}

function selectedBy(
  kind: Exclude<ISelector['kind'], 'now'>,
  { columns, alias }: ISelector,
  from: IReadable
): ISelected {
  const resolved = columns.map(name => columnOf(from, name));
  const column = resolved[0] as IReadableColumn;
  const called = (name: string): string => alias ?? `${name}(${columns.join(', ')})`;
  switch (kind) {
    case 'column':
      return { name: alias ?? column.name, type: column.type, read: (row, nowS) => valueOf(row, column, nowS) };
    case 'token':
      return { name: called('system.token'), type: BIGINT, read: row => encodeValue(BIGINT, row.token) };
    case 'writetime':
    case 'ttl':
      if (column.kind !== 'regular') {
        throw invalid(`Cannot use selection function ${kind} on PRIMARY KEY part ${column.name}`);
      }
      return kind === 'writetime'
        ? { name: called(kind), type: BIGINT, read: (row, nowS) => writetimeOf(row, column, nowS) }
        : { name: called(kind), type: INT, read: (row, nowS) => ttlOf(row, column, nowS) };
  }
}

function asJson(columns: readonly ISelected[]): ISelected {
  const quoted = (name: string): string => JSON.stringify(name === name.toLowerCase() ? name : `"${name}"`);
  return {
    name: '[json]',
    type: TEXT,
    read: (row, nowS) => {
      const fields = columns.map(({ name, type, read }) => `${quoted(name)}: ${encodeJson(type, read(row, nowS))}`);
      return Buffer.from(`{${fields.join(', ')}}`, 'utf8');
    }
  };
}

function writetimeOf(row: Row, column: IReadableColumn, nowS: number): Buffer | null {
  const cell = row.cell(column.name, nowS);
  return cell === null ? null : encodeValue(BIGINT, cell.timestamp);
}

function ttlOf(row: Row, column: IReadableColumn, nowS: number): Buffer | null {
  const expiresS = row.cell(column.name, nowS)?.expiresS ?? null;
  return expiresS === null ? null : encodeValue(INT, expiresS - nowS);
}

function filterOf(relation: Relation, from: IReadable, variables: Variables): Filter {
  if (relation.kind === 'token') {
    const key = partitionKey(from).map(({ name }) => name);
    if (relation.columns.join() !== key.join()) {
      throw invalid(`The token function arguments must be in the partition key order: ${key.join(', ')}`);
    }
    const evaluate = variables.evaluator(relation.term, { name: 'partition key token', type: BIGINT });
    return values => {
      const bound = required(evaluate(values), 'token').readBigInt64BE(0);
      return row => compares(row.token, relation.operator, bound);
    };
  }
  const column = columnOf(from, relation.column);
  if (relation.kind === 'compare' && relation.operator !== '=') {
    throw beyondFake(`the operator ${relation.operator} on a column`);
  }
  const allowed = allowedValues(relation, column, variables);
  return values => {
    const found = allowed(values);
    return (row, nowS) => {
      const value = valueOf(row, column, nowS);
      return value !== null && found.some(each => each.equals(value));
    };
  };
}

/** The values that a relation lets a column have. */
function allowedValues(
  relation: Exclude<Relation, { kind: 'token' }>,
  column: IReadableColumn,
  variables: Variables
): (values: readonly BoundValue[]) => Buffer[] {
  if (relation.kind === 'in' && 'marker' in relation.terms) {
    throw beyondFake('IN with one marker for the whole list');
  }
  const terms = relation.kind === 'in' ? (relation.terms as readonly Term[]) : [relation.term];
  const evaluators = terms.map(term => variables.evaluator(term, column));
  return values => evaluators.map(evaluate => required(evaluate(values), column.name));
}

/** Finds rows by their whole partition keys, in the order in which the statement has them; null where it has not. */
function lookupOf(
  select: ISelect,
  from: IReadable,
  variables: Variables
): ((values: readonly BoundValue[]) => Row[]) | null {
  const { find } = from;
  const allowed = partitionKey(from).map(column => {
    const relation = select.where.find(each => each.kind !== 'token' && each.column === column.name);
    return relation === undefined || relation.kind === 'token' ? null : allowedValues(relation, column, variables);
  });
  if (find === null || allowed.includes(null)) {
    return null;
  }
  return values => {
    let keys: Buffer[][] = [[]];
    for (const column of allowed) {
      const found = column?.(values) ?? [];
      keys = keys.flatMap(key => found.map(value => [...key, value]));
    }
    return keys.map(find).filter(row => row !== null);
  };
}

function refuseFiltering(select: ISelect, from: IReadable, isLookup: boolean): void {
  const restricted = select.where.filter(relation => relation.kind !== 'token');
  const isBeyondKey = restricted.some(({ column }) => columnOf(from, column).kind === 'regular');
  const isPartOfKey = restricted.length > 0 && !isLookup && from.find !== null;
  if ((isBeyondKey || isPartOfKey) && !select.allowFiltering) {
    throw invalid(
      'Cannot execute this query as it might involve data filtering and thus may have unpredictable performance. ' +
        'If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING'
    );
  }
}

function required(value: BoundValue, column: string): Buffer {
  if (value === null || value === undefined) {
    throw invalid(`Invalid ${value === null ? 'null' : 'unset'} value in condition for column ${column}`);
  }
  return value;
}

function compares(value: bigint, operator: Operator, bound: bigint): boolean {
  switch (operator) {
    case '=':
      return value === bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
  }
}

function limitOf(value: BoundValue): number {
  const limit = required(value, '[limit]').readInt32BE(0);
  if (limit <= 0) {
    throw invalid('LIMIT must be strictly positive');
  }
  return limit;
}
