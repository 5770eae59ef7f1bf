import type { Data, RecordBatch, Schema } from 'apache-arrow';

import { compareValues } from '../../arrow';
import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import { readerOf } from './arrow';
import type { Value } from './arrow';
import { DataFile, opened } from './data_file';
import type { IEngine } from './engine';
import { bind } from './filter';
import type { Condition } from './filter';
import { KeyIndex } from './key_index';
import { readText } from './partition_values';
import type { Predicate } from './predicate';
import { fieldsNamed, findField, projectionOf, schemaOf } from './projection';
import type { IProjection } from './projection';
import type { ISchemaField } from './schema';
import { boundsOf, mayMatch } from './skipping';
import type { Snapshot } from './snapshot';
import { TieBreaker } from './tie_breaker';
import type { IRowPlace } from './tie_breaker';

/** Files that are opened ahead. */
const AHEAD = 4;
/** Files that stay open once keys were looked for in them, with what was read of them last. */
const KEPT_OPEN = 4;
/** Keys by which files are ruled out; more are hardly missing from any. */
const MAX_SKIPPING = 200;
/** Rows of equal event times that wait for a decision. */
const MAX_TIED = 500_000;

/** A key by the text of its columns' values, as conditions have them. */
export type KeyText = Readonly<Record<string, string>>;

export interface ILatestOptions {
  /** Columns of the key, all of them scalar. */
  keys: readonly string[];
  /** The column by which one row is later than another, first of all. */
  eventTimestamp: string;
  /** Columns that make the row hash; all but key, event time and internal columns when absent. */
  features?: readonly string[];
  /** Only these keys; all when absent. */
  wanted?: readonly KeyText[];
  /** Names of the columns to give, in the order wanted; all of the schema when absent. */
  columns?: readonly string[];
}

/**
 * The latest row of each key, as the write protocol has it: the greatest (event time, `_created_us`, `_row_hash`). Rows
 * whose key has a null belong to no key.
 *
 * Key and event time are read of all rows, what breaks ties of tied rows alone, and all other columns of the winners
 * alone. Memory grows with the keys, not with the rows.
 */
export class LatestRows {
  /** Throws `bad_request` for a column or a key that makes no sense, `unsupported` for what is not read. */
  constructor(
    private readonly engine: IEngine,
    private readonly snapshot: Snapshot,
    options: ILatestOptions
  ) {
    const fields = fieldsNamed(snapshot, options.columns);
    this.schema = schemaOf(fields);
    this.whole = projectionOf(snapshot, fields);
    this.keyFields = options.keys.map(name => keyField(snapshot, name));
    this.event = findField(snapshot, options.eventTimestamp);
    this.breaker = new TieBreaker(engine, snapshot, options);
    this.wanted = options.wanted === undefined ? null : this.wantedKeys(options.wanted);
  }

  /** Of what `batches` gives. */
  readonly schema: Schema;
  /** Files in which keys were looked for. */
  filesRead = 0;

  /** One row for each key that has any, in no order. */
  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void, undefined> {
    const { engine, snapshot } = this;
    const files = this.ranked();
    await this.find(files, signal);
    await this.decide(files, signal);
    const rowsOf = new Map<number, number[]>();
    this.fileOf.forEach((file, key) => {
      const rows = rowsOf.get(file) ?? [];
      rowsOf.set(file, rows);
      rows.push(this.rowOf[key] as number);
    });
    for (const [number, rows] of rowsOf) {
      const file =
        this.keptOpen.get(number) ?? (await DataFile.open(engine, snapshot, files[number] as IAddFile, signal));
      yield* file.rowsAt(
        this.whole,
        rows.sort((a, b) => a - b),
        signal
      );
    }
  }

  /** Registers the wanted keys; gives what may hold them. */
  private wantedKeys(wanted: readonly KeyText[]): Condition {
    const either: Predicate = {
      kind: 'or',
      of: wanted.map(key => ({
        kind: 'and',
        of: this.keyFields.map(({ name }) => ({ kind: 'compare', column: name, op: '=', literal: textOf(key, name) }))
      }))
    };
    const condition = bind(either, name => findField(this.snapshot, name));
    for (const key of wanted) {
      const columns = this.keyFields.map(field => readText(field, textOf(key, field.name)) as Data);
      this.index.numbers(columns, 1, true);
    }
    return condition;
  }

  /** Files that may hold wanted keys, those that promise the latest rows first. */
  private ranked(): readonly IAddFile[] {
    const { wanted, snapshot } = this;
    const isPossible = (file: IAddFile) => wanted === null || mayMatch(wanted, file, snapshot);
    const files = this.index.size > MAX_SKIPPING ? [...snapshot.files] : snapshot.files.filter(isPossible);
    const latest = new Map(files.map(file => [file, this.latestIn(file)]));
    return files.sort((a, b) => {
      const [one, other] = [latest.get(a) ?? null, latest.get(b) ?? null];
      return one === null || other === null ? Number(other === null) - Number(one === null) : compareValues(other, one);
    });
  }

  /** An event time after which no row of a file comes; null when none is known. */
  private latestIn(file: IAddFile): NonNullable<Value> | null {
    return boundsOf(this.event, file, this.snapshot).greatest;
  }

  /** Looks for the latest event time of each key. */
  private async find(files: readonly IAddFile[], signal: AbortSignal): Promise<void> {
    const { engine, snapshot } = this;
    let number = 0;
    for await (const file of opened(engine, snapshot, files, AHEAD, signal)) {
      if (this.isSettled(files[number] as IAddFile)) {
        return;
      }
      this.filesRead += 1;
      await this.look(file, number, signal);
      // The first files have most of the latest rows.
      if (this.keptOpen.size < KEPT_OPEN) {
        this.keptOpen.set(number, file);
      }
      if (this.tied > MAX_TIED) {
        await this.decide(files, signal);
      }
      number += 1;
    }
  }

  /** Whether every wanted key has a later row than any of a file, and of those after it. */
  private isSettled(file: IAddFile): boolean {
    const bound = this.wanted === null ? null : this.latestIn(file);
    const { index, events } = this;
    return (
      bound !== null &&
      Array.from({ length: index.size }, (_, key) => events[key] ?? null).every(
        event => event !== null && compareValues(event, bound) > 0
      )
    );
  }

  private async look(file: DataFile, number: number, signal: AbortSignal): Promise<void> {
    const projection = { ...projectionOf(this.snapshot, [...this.keyFields, this.event]), encoded: true };
    for await (const { batch, rowOf } of file.read(projection, {}, signal)) {
      const { children, length } = batch.data;
      const keys = this.index.numbers(children.slice(0, -1), length, this.wanted === null);
      const eventOf = readerOf(children.at(-1) as Data);
      for (let i = 0; i < length; i++) {
        const key = keys[i] as number;
        if (key >= 0) {
          this.offer(key, eventOf(i), number, rowOf(i));
        }
      }
    }
  }

  private offer(key: number, event: Value, file: number, row: number): void {
    const best = this.events[key];
    const order = best === undefined ? 1 : compareEvents(event, best);
    if (order > 0) {
      this.events[key] = event;
      this.fileOf[key] = file;
      this.rowOf[key] = row;
      this.ties.delete(key);
    } else if (order === 0) {
      const places = this.ties.get(key) ?? [];
      this.ties.set(key, places);
      places.push({ file, row });
      this.tied += 1;
    }
  }

  /** Of rows with equal event times takes the one that the write protocol takes. */
  private async decide(files: readonly IAddFile[], signal: AbortSignal): Promise<void> {
    const tied = [...this.ties].map(([key, others]) => ({
      key,
      places: [{ file: this.fileOf[key] as number, row: this.rowOf[key] as number }, ...others]
    }));
    const winners = await this.breaker.winners(
      files,
      tied.map(({ places }) => places),
      signal
    );
    tied.forEach(({ key }, i) => {
      const { file, row } = winners[i] as IRowPlace;
      this.fileOf[key] = file;
      this.rowOf[key] = row;
    });
    this.ties.clear();
    this.tied = 0;
  }

  private readonly whole: IProjection;
  private readonly keyFields: readonly ISchemaField[];
  private readonly event: ISchemaField;
  private readonly breaker: TieBreaker;
  private readonly wanted: Condition | null;
  private readonly index = new KeyIndex();
  /** By the numbers of the keys: their latest event time, and where the row that has it stands. */
  private readonly events: Value[] = [];
  private readonly fileOf: number[] = [];
  private readonly rowOf: number[] = [];
  private readonly keptOpen = new Map<number, DataFile>();
  /** Other rows with a key's latest event time. */
  private readonly ties = new Map<number, IRowPlace[]>();
  private tied = 0;
}

/** Null comes before every time, as Spark orders them. */
function compareEvents(a: Value, b: Value): number {
  return a === null || b === null ? Number(a !== null) - Number(b !== null) : compareValues(a, b);
}

function keyField(snapshot: Snapshot, name: string): ISchemaField {
  const field = findField(snapshot, name);
  if (typeof field.type !== 'string' || ['float', 'double', 'void', 'null'].includes(field.type)) {
    throw new TwinstoreError(
      'bad_request',
      `The column ${name} is of a type that cannot be a key.`,
      'Look up by columns of text, bytes, whole numbers, decimals, booleans, dates or timestamps.'
    );
  }
  return field;
}

function textOf(key: KeyText, name: string): string {
  const text = key[name];
  if (text === undefined) {
    throw new TwinstoreError('bad_request', `A key lacks its column ${name}.`, 'Send a value for each key column.');
  }
  return text;
}
