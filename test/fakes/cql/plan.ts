import type { IDefinition } from './catalog';
import type { Clock } from './clock';
import type { IPrepared, IRows, ISpec } from './messages';
import type { Row } from './row';
import type { IRules } from './rules';
import type { Variables } from './variables';
import type { BoundValue } from './wire';

/** One of the addresses that the server listens at. */
export interface INode {
  address: string;
  hostId: string;
  token: bigint;
}

/** What all statements are judged by: both change while the server runs. */
export interface ICircumstances {
  readonly rules: IRules;
  readonly clock: Clock;
}

/** A statement whose names are resolved; it can be run again and again until what it names has changed. */
interface IPlan extends Pick<IPrepared, 'keyspace' | 'table' | 'keyIndexes' | 'columns'> {
  variables: Variables;
  /** What the table was when the plan was made; null of system tables, which never change. */
  definition: IDefinition | null;
}

/** Where a page begins and how long it may be. */
export interface IPaging {
  pageSize: number | null;
  pagingState: Buffer | null;
}

export interface IReadPlan extends IPlan {
  kind: 'read';
  read(values: readonly BoundValue[], node: INode, paging: IPaging): IRows;
}

export interface IWritePlan extends IPlan {
  kind: 'write';
  /** @param driverStampUs The write timestamp that the driver proposes, or null. */
  mutation(values: readonly BoundValue[], driverStampUs: bigint | null): IMutation;
}

/** A write that keeps to the rules and has not been done yet. */
export interface IMutation {
  /** Tells partitions of all tables apart. */
  partition: string;
  /** Kilobytes, rounded up. */
  units: number;
  isConditional: boolean;
  /** Does it, unless its condition does not hold. */
  apply(): IOutcome;
}

export interface IOutcome {
  applied: boolean;
  /** What a condition that did not hold was held against. */
  columns: readonly ISpec[];
  values: readonly (Buffer | null)[];
}

/** What can be selected from. */
export interface IReadable {
  keyspace: string;
  name: string;
  columns: readonly IReadableColumn[];
  definition: IDefinition | null;
  /** In the order of a scan; dead ones too. */
  rows(node: INode): readonly Row[];
  /** By its whole partition key; null where rows are found by a scan only. */
  find: ((key: readonly Buffer[]) => Row | null) | null;
}

export interface IReadableColumn extends ISpec {
  kind: 'partition_key' | 'clustering' | 'regular';
  position: number;
}
