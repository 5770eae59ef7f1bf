import { RecordBatch, Struct } from 'apache-arrow';

import { compareValues } from '../../arrow';
import type { IAddFile } from './actions';
import { concat, laidOut, readerOf, take } from './arrow';
import type { Value } from './arrow';
import { DataFile } from './data_file';
import type { IEngine } from './engine';
import type { Condition } from './filter';
import { projectionOf } from './projection';
import type { IProjection } from './projection';
import type { ISchemaField } from './schema';
import { Selection } from './selection';
import { boundsOf } from './skipping';
import type { Snapshot } from './snapshot';

/** By which column rows are ordered; nulls come last. */
export interface IOrder {
  field: ISchemaField;
  descending: boolean;
}

interface IPlace {
  value: Value;
  /** Place in the list of files. */
  file: number;
  /** Number in the file. */
  row: number;
}

/** A file, and a value before which none of its rows comes; null when that is not known. */
interface IRankedFile {
  file: IAddFile;
  first: NonNullable<Value> | null;
}

/**
 * The first rows of a whole table in some order. Files are looked into by what their statistics promise, and only for
 * the column of the order, until none that is left can hold any of the first rows; these are read in full then.
 */
export class TopRows {
  constructor(
    private readonly engine: IEngine,
    private readonly snapshot: Snapshot,
    private readonly fields: readonly ISchemaField[],
    private readonly order: IOrder,
    private readonly condition: Condition | null,
    private readonly limit: number
  ) {}

  /** Files that were looked into. */
  filesRead = 0;

  /**
   * The rows in order, in one batch.
   *
   * @param files That may hold wanted rows.
   * @param skip Rows at the start that are left out.
   */
  async read(files: readonly IAddFile[], skip: number, signal: AbortSignal): Promise<RecordBatch> {
    const ranked = this.ranked(files);
    const best = (await this.best(ranked, signal)).slice(skip);
    const projection = projectionOf(this.snapshot, this.fields);
    const batches: RecordBatch[] = [];
    // Where each place's row is in the batches, taken together.
    const at = new Map<IPlace, number>();
    for (const file of new Set(best.map(place => place.file))) {
      const places = best.filter(place => place.file === file).sort((a, b) => a.row - b.row);
      places.forEach(place => at.set(place, at.size));
      const opened = await DataFile.open(this.engine, this.snapshot, (ranked[file] as IRankedFile).file, signal);
      const rows = places.map(({ row }) => row);
      for await (const batch of opened.rowsAt(projection, rows, signal)) {
        batches.push(batch);
      }
    }
    const order = Uint32Array.from(best, place => at.get(place) as number);
    return gathered(projection, batches, order);
  }

  /** Files in the order in which they promise rows; those that promise nothing first. */
  private ranked(files: readonly IAddFile[]): IRankedFile[] {
    const { field, descending } = this.order;
    const ranked = files.map(file => {
      const { least, greatest } = boundsOf(field, file, this.snapshot);
      return { file, first: descending ? greatest : least };
    });
    return ranked.sort(({ first: a }, { first: b }) => {
      return a === null || b === null ? Number(b === null) - Number(a === null) : this.compare(a, b);
    });
  }

  private async best(ranked: readonly IRankedFile[], signal: AbortSignal): Promise<IPlace[]> {
    let kept: IPlace[] = [];
    let worst: IPlace | null = null;
    const cut = () => {
      kept = kept.sort((a, b) => this.comparePlaces(a, b)).slice(0, this.limit);
      worst = kept.length < this.limit ? null : (kept.at(-1) ?? null);
    };
    for (const [number, { file, first }] of ranked.entries()) {
      if (worst !== null && first !== null && this.isBefore(worst, first)) {
        break;
      }
      this.filesRead += 1;
      for await (const { batch, rowOf } of this.rows(file, signal)) {
        const read = readerOf(batch.data.children[0] as never);
        for (let i = 0; i < batch.numRows; i++) {
          const place = { value: read(i), file: number, row: rowOf(i) };
          if (worst === null || this.comparePlaces(place, worst) < 0) {
            kept.push(place);
            if (kept.length >= 2 * this.limit) {
              cut();
            }
          }
        }
      }
      cut();
    }
    return kept;
  }

  /** The column of the order, in the rows that satisfy the condition. */
  private async *rows(file: IAddFile, signal: AbortSignal): ReturnType<DataFile['read']> {
    const { engine, snapshot, condition } = this;
    const fields = [this.order.field];
    const opened = await DataFile.open(engine, snapshot, file, signal);
    yield* condition === null
      ? opened.read(projectionOf(snapshot, fields), {}, signal)
      : new Selection(snapshot, fields, condition).read(opened, Infinity, signal);
  }

  private compare(a: NonNullable<Value>, b: NonNullable<Value>): number {
    return this.order.descending ? compareValues(b, a) : compareValues(a, b);
  }

  /** Whether no row that comes before a place has a value from this one on. */
  private isBefore({ value }: IPlace, bound: NonNullable<Value>): boolean {
    return value !== null && this.compare(value, bound) <= 0;
  }

  private comparePlaces(a: IPlace, b: IPlace): number {
    const values =
      a.value === null || b.value === null
        ? Number(a.value === null) - Number(b.value === null)
        : this.compare(a.value, b.value);
    return values || a.file - b.file || a.row - b.row;
  }
}

/** Some rows of batches taken together, in an order of their own. */
function gathered({ schema }: IProjection, batches: readonly RecordBatch[], rows: Uint32Array): RecordBatch {
  const type = new Struct(schema.fields);
  const [first] = batches;
  const all = first === undefined ? null : concat(batches.map(({ data }) => data));
  return all === null
    ? new RecordBatch(schema, undefined)
    : new RecordBatch(schema, laidOut(type, rows.length, { nullCount: 0, children: take(all, rows).children }));
}
