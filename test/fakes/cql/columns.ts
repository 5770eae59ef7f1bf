import { invalid } from './errors';
import type { IReadable, IReadableColumn } from './plan';
import type { Row } from './row';
import type { Relation, Term } from './statements';

/** Which variables are the partition key, where each of its columns equals one. */
export function keyIndexes(from: Pick<IReadable, 'columns'>, equal: ReadonlyMap<string, Term>): number[] {
  const terms = partitionKey(from).map(({ name }) => equal.get(name));
  return terms.every(term => term?.kind === 'marker') ? terms.map(term => term.index) : [];
}

/** The terms that columns must equal. */
export function equalTerms(where: readonly Relation[]): Map<string, Term> {
  return new Map(
    where.flatMap(relation =>
      relation.kind === 'compare' && relation.operator === '=' ? [[relation.column, relation.term] as const] : []
    )
  );
}

/** The column, or an error that names it. */
export function columnOf<T extends { name: string }>(
  from: { keyspace: string; name: string; columns: readonly T[] },
  name: string
): T {
  const found = from.columns.find(column => column.name === name);
  if (found === undefined) {
    throw invalid(`Undefined column name ${name} in table ${from.keyspace}.${from.name}`);
  }
  return found;
}

export function partitionKey<T extends { kind: string }>(from: { columns: readonly T[] }): T[] {
  return from.columns.filter(({ kind }) => kind === 'partition_key');
}

/** A column's value now. */
export function valueOf(row: Row, column: IReadableColumn, nowS: number): Buffer | null {
  const isKey = column.kind === 'partition_key';
  return (isKey ? row.key[column.position] : row.cell(column.name, nowS)?.value) ?? null;
}
