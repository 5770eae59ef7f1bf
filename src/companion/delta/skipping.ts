import { compareValues } from '../../arrow';
import type { IAddFile } from './actions';
import { DecimalValue, readerOf } from './arrow';
import type { Value } from './arrow';
import { physicalName } from './column_mapping';
import { parseStatistics } from './file_statistics';
import type { IFileStatistics } from './file_statistics';
import { fieldsOf, satisfies } from './filter';
import type { Condition } from './filter';
import { partitionValue, readText } from './partition_values';
import type { Comparison } from './predicate';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';

/** Which outcomes a condition may have in some row of a file. */
interface IOutcomes {
  true: boolean;
  false: boolean;
  null: boolean;
}

const NULL: IOutcomes = { true: false, false: false, null: true };
/** From this length on writers cut text, not all of them so that it stays a bound. */
const CUT_TEXT = 32;
/** Writers cut timestamps to ms. */
const CUT_US = 1000n;

/**
 * Whether some row of a file may satisfy a condition: certain from partition values, from statistics only where they
 * are there and can be trusted (PROTOCOL.md, Per-file Statistics).
 */
export function mayMatch(condition: Condition, file: IAddFile, snapshot: Snapshot): boolean {
  return new FileFacts(file, snapshot).outcomes(condition).true;
}

/** Values that no row of a file lies beyond; null where none is sure. A file of nulls has none. */
export interface IBounds {
  least: NonNullable<Value> | null;
  greatest: NonNullable<Value> | null;
}

/** Between what the values of a column lie in a file. */
export function boundsOf(field: ISchemaField, file: IAddFile, snapshot: Snapshot): IBounds {
  return new FileFacts(file, snapshot).bounds(field);
}

class FileFacts {
  constructor(
    private readonly file: IAddFile,
    private readonly snapshot: Snapshot
  ) {}

  outcomes(condition: Condition): IOutcomes {
    switch (condition.kind) {
      case 'and':
        return this.both(condition.of);
      case 'or': {
        const of = condition.of.map(each => this.outcomes(each));
        return {
          true: of.some(each => each.true),
          false: of.every(each => each.false),
          null: of.some(each => each.null)
        };
      }
      case 'not': {
        const of = this.outcomes(condition.of);
        return { true: of.false, false: of.true, null: of.null };
      }
      case 'isNull':
        return this.isNull(condition.field);
      case 'compare':
        return this.compare(condition.field, condition.op, condition.value);
    }
  }

  /** Statistics are parsed only where the partition values have not decided. */
  private both(of: readonly Condition[]): IOutcomes {
    const joined = { true: true, false: false, null: false };
    for (const each of [...of].sort((a, b) => this.cost(a) - this.cost(b))) {
      const outcomes = this.outcomes(each);
      if (!outcomes.true) {
        return { true: false, false: true, null: true };
      }
      joined.false ||= outcomes.false;
      joined.null ||= outcomes.null;
    }
    return joined;
  }

  /** Columns whose statistics a condition needs. */
  private cost(condition: Condition): number {
    return fieldsOf(condition).filter(field => !this.isPartition(field)).length;
  }

  private isNull(field: ISchemaField): IOutcomes {
    if (this.isPartition(field)) {
      const isNull = this.partition(field) === null;
      return { true: isNull, false: !isNull, null: false };
    }
    const nulls = this.nulls(field);
    return { true: nulls !== 'none', false: nulls !== 'all', null: false };
  }

  private compare(field: ISchemaField, op: Comparison, value: NonNullable<Value>): IOutcomes {
    if (this.isPartition(field)) {
      const found = this.partition(field);
      const isTrue = found !== null && satisfies(compareValues(found, value), op);
      return found === null ? NULL : { true: isTrue, false: !isTrue, null: false };
    }
    const nulls = this.nulls(field);
    if (nulls === 'all') {
      return NULL;
    }
    // The outcomes of comparing the least and the greatest value; unknown ones may be anything.
    const { least, greatest } = this.bounds(field);
    const isLess = least === null || compareValues(least, value) < 0;
    const isGreater = greatest === null || compareValues(greatest, value) > 0;
    const isEqual =
      (least === null || compareValues(least, value) <= 0) &&
      (greatest === null || compareValues(greatest, value) >= 0);
    const possible = [...(isLess ? [-1] : []), ...(isEqual ? [0] : []), ...(isGreater ? [1] : [])];
    return {
      true: possible.some(order => satisfies(order, op)),
      false: possible.some(order => !satisfies(order, op)),
      null: nulls !== 'none'
    };
  }

  bounds(field: ISchemaField): IBounds {
    if (this.isPartition(field)) {
      const value = this.partition(field);
      return { least: value, greatest: value };
    }
    return { least: this.bound(field, 'minValues'), greatest: this.bound(field, 'maxValues') };
  }

  private isPartition({ name }: ISchemaField): boolean {
    return this.snapshot.metadata.partitionColumns.includes(name);
  }

  private partition(field: ISchemaField): Value {
    return readerOf(partitionValue(field, this.file.partitionValues, this.snapshot.table))(0);
  }

  /** Only these two are sure where deletion vectors make counts loose. */
  private nulls(field: ISchemaField): 'none' | 'all' | 'unknown' {
    const { numRecords, nullCount } = this.statistics;
    const count = nullCount?.[physicalName(field)];
    return count === 0 ? 'none' : typeof count === 'number' && count === numRecords ? 'all' : 'unknown';
  }

  /** A value that no row of the file lies beyond; null when none is sure. */
  private bound(field: ISchemaField, side: 'minValues' | 'maxValues'): NonNullable<Value> | null {
    const told = this.statistics[side]?.[physicalName(field)];
    const isLeast = side === 'minValues';
    switch (field.type) {
      case 'string':
        return typeof told === 'string' && (isLeast || told.length < CUT_TEXT) ? told : null;
      case 'byte':
      case 'short':
      case 'integer':
        return typeof told === 'number' ? told : null;
      case 'long':
        // JSON's numbers are doubles here.
        return Number.isSafeInteger(told) ? BigInt(told as number) : null;
      case 'float':
      case 'double':
        return typeof told === 'number' && isLeast ? leastFloat(told, field.type) : null;
      case 'date':
        return typeof told === 'string' ? textBound(field, told) : null;
      case 'timestamp':
      case 'timestamp_ntz': {
        const bound = typeof told === 'string' ? textBound(field, told) : null;
        return typeof bound === 'bigint' ? bound + (isLeast ? -CUT_US : CUT_US) : null;
      }
      default:
        return typeof told === 'number' ? decimalBound(field, told, isLeast) : null;
    }
  }

  private get statistics(): IFileStatistics {
    this.parsed ??= parseStatistics(this.file.stats);
    return this.parsed;
  }

  private parsed: IFileStatistics | null = null;
}

/**
 * Only the least value: not every writer counts NaN, which is greater than all others. A float is written in as few
 * digits as tell it from other floats, and stays so in files from before its column was widened.
 */
function leastFloat(told: number, type: string): number {
  return type === 'float' ? Math.fround(told) : Math.min(told, Math.fround(told));
}

function textBound(field: ISchemaField, told: string): NonNullable<Value> | null {
  const data = readText(field, told);
  return data === null ? null : readerOf(data)(0);
}

/** JSON's numbers are doubles here, so that the last digits of a decimal are not sure. */
function decimalBound({ type }: ISchemaField, told: number, isLeast: boolean): DecimalValue | null {
  const [, scale] = /^decimal\(\d+, ?(\d+)\)$/.exec(String(type)) ?? [];
  const unscaled = told * 10 ** Number(scale);
  if (scale === undefined || !Number.isFinite(unscaled)) {
    return null;
  }
  const slack = Math.abs(unscaled) * 2 ** -50 + 1;
  return new DecimalValue(BigInt(isLeast ? Math.floor(unscaled - slack) : Math.ceil(unscaled + slack)), Number(scale));
}
