import type { RecordBatch, Schema } from 'apache-arrow';

import { TwinstoreError } from '../../contract';
import { DataFile } from './data_file';
import type { ICheapSpan } from './data_file';
import type { IEngine } from './engine';
import { deletedOf, recordsOf } from './file_statistics';
import { bind } from './filter';
import type { Predicate } from './predicate';
import { fieldsNamed, findField, projectionOf, schemaOf } from './projection';
import { inOrder, Scan } from './scan';
import { mayMatch } from './skipping';
import type { Snapshot } from './snapshot';
import { sideBySide } from './store';
import { TopRows } from './top_rows';

/** Files whose windows are weighed against each other: each costs the reading of its end. */
const CANDIDATES = 3;

export interface IPreviewOptions {
  /** Names, in the order wanted; all columns of the schema when absent. */
  columns?: readonly string[];
  /** Only rows for which this is true. */
  where?: Predicate;
  /** The first rows of the whole table in this order; nulls last. */
  order?: { column: string; descending: boolean };
  /** Rows, at most. */
  limit: number;
  /** Of these, how many at the start are left out. Default 0. */
  skip?: number;
  /** Without `where` and `order`: the rows that take the fewest bytes, or the first of the first file. */
  window: 'cheapest' | 'first';
}

/** What a preview showed. */
export interface IPreviewed {
  /** What the rows are, in words. */
  what: string;
  /** Whether these are all rows there are, or all that satisfy the condition. */
  complete: boolean;
  /** Rows of the table by the statistics; null unless every file has them. */
  total: number | null;
  filesRead: number;
  /** Files that could hold wanted rows. */
  filesTotal: number;
}

/** Some rows of a table, for the least that they cost. */
export class Preview {
  /** Throws `bad_request` for a column that is not there or has no order, `unsupported` for what is not read. */
  constructor(
    private readonly engine: IEngine,
    private readonly snapshot: Snapshot,
    private readonly options: IPreviewOptions
  ) {
    const { columns, order } = options;
    this.schema = schemaOf(fieldsNamed(snapshot, columns));
    if (order !== undefined && typeof findField(snapshot, order.column).type !== 'string') {
      throw new TwinstoreError(
        'bad_request',
        `The column ${order.column} is nested and has no order.`,
        'Order by a column of another type.'
      );
    }
    this.total = snapshot.rows;
    this.rows = options.skip ?? 0;
  }

  /** Of what `batches` gives. */
  readonly schema: Schema;
  /** Bytes that the rows will take, once it is known. */
  plannedBytes: number | null = null;
  /** Rows given so far, and those left out. */
  rows: number;
  /** What was shown, once all of it was. */
  get outcome(): IPreviewed {
    if (this.shown === null) {
      throw new Error('The batches were not read to their end.');
    }
    return this.shown;
  }

  /** Nothing is read before a batch is asked for; leaving the loop stops the reading. */
  async *batches(signal: AbortSignal): AsyncGenerator<RecordBatch, void, undefined> {
    const { where, order, window } = this.options;
    const rows =
      order !== undefined
        ? this.top(order, signal)
        : where !== undefined || window === 'first'
          ? this.scanned(signal)
          : this.cheapest(signal);
    for (;;) {
      const next = await rows.next();
      if (next.done === true) {
        this.shown = next.value;
        return;
      }
      this.rows += next.value.numRows;
      yield next.value;
    }
  }

  /** The first rows that come, file by file. */
  private async *scanned(signal: AbortSignal): AsyncGenerator<RecordBatch, IPreviewed, undefined> {
    const { columns, where, limit, skip = 0 } = this.options;
    const scan = new Scan(this.engine, this.snapshot, {
      limit,
      skip,
      ...(columns === undefined ? {} : { columns }),
      ...(where === undefined ? {} : { where })
    });
    yield* scan.batches(signal);
    const complete = this.rows < limit || (where === undefined && this.rows === this.total);
    const [which, rest] = where === undefined ? ['first', ''] : ['first', ' that satisfy the condition'];
    const files = `scanned ${counted(scan.filesRead)} of ${counted(scan.files.length, 'file')}`;
    return {
      what: complete
        ? `all ${counted(this.rows, 'row')}${rest}`
        : `the ${which} ${counted(this.rows, 'row')}${rest}; ${files}`,
      complete,
      total: this.total,
      filesRead: scan.filesRead,
      filesTotal: scan.files.length
    };
  }

  /** A window of one file, where one has enough rows. */
  private async *cheapest(signal: AbortSignal): AsyncGenerator<RecordBatch, IPreviewed, undefined> {
    const { limit, skip = 0 } = this.options;
    const { files } = this.snapshot;
    if (this.total !== null && this.total <= limit) {
      return yield* this.scanned(signal);
    }
    const window = await this.choose(signal);
    if (window === null) {
      return yield* this.scanned(signal);
    }
    const projection = projectionOf(this.snapshot, fieldsNamed(this.snapshot, this.options.columns));
    const span = { from: window.from, skip, most: limit - skip };
    let last = window.from;
    for await (const { batch, rowOf } of window.file.read(projection, span, signal)) {
      last = rowOf(batch.numRows - 1);
      yield batch;
    }
    const name = window.file.location.split('/').at(-1) ?? '';
    return {
      what: `rows ${counted(window.from)} to ${counted(last)} of ${name}`,
      complete: false,
      total: this.total,
      filesRead: 1,
      filesTotal: files.length
    };
  }

  /** The cheapest window of the smallest files that have enough rows, or may have; null where none has. */
  private async choose(signal: AbortSignal): Promise<(ICheapSpan & { file: DataFile }) | null> {
    const { engine, snapshot, options } = this;
    const { limit, skip = 0 } = options;
    const projection = projectionOf(snapshot, fieldsNamed(snapshot, options.columns));
    const enough = snapshot.files.filter(file => (recordsOf(file) ?? Infinity) - deletedOf(file) >= limit);
    const candidates = [...inOrder(enough)].sort((a, b) => a.size - b.size).slice(0, CANDIDATES);
    const windows = await sideBySide(candidates, signal, async (candidate, either) => {
      const file = await DataFile.open(engine, snapshot, candidate, either);
      return file.live < limit ? null : { ...(await file.cheapest(projection, limit, skip, either)), file };
    });
    const best = windows.reduce((a, b) => (a === null || (b !== null && b.bytes < a.bytes) ? b : a), null);
    this.plannedBytes = best && best.toRead + windows.reduce((sum, each) => sum + (each?.file.openedBytes ?? 0), 0);
    return best;
  }

  private async *top(
    { column, descending }: NonNullable<IPreviewOptions['order']>,
    signal: AbortSignal
  ): AsyncGenerator<RecordBatch, IPreviewed, undefined> {
    const { engine, snapshot, options } = this;
    const { columns, where, limit, skip = 0 } = options;
    const condition = where === undefined ? null : bind(where, name => findField(snapshot, name));
    const all = inOrder(snapshot.files);
    const files = condition === null ? all : all.filter(file => mayMatch(condition, file, snapshot));
    const order = { field: findField(snapshot, column), descending };
    const top = new TopRows(engine, snapshot, fieldsNamed(snapshot, columns), order, condition, limit);
    const batch = await top.read(files, skip, signal);
    if (batch.numRows > 0) {
      yield batch;
    }
    const complete = this.rows < limit || (condition === null && this.rows === this.total);
    const which = condition === null ? '' : ' that satisfy the condition';
    return {
      what: `the ${complete ? '' : 'first '}${counted(this.rows, 'row')}${which} by ${column}, ${descending ? 'greatest' : 'least'} first`,
      complete,
      total: this.total,
      filesRead: top.filesRead,
      filesTotal: files.length
    };
  }

  private readonly total: number | null;
  private shown: IPreviewed | null = null;
}

function counted(count: number, noun = ''): string {
  return `${count.toLocaleString('en-US')}${noun && ` ${noun}${count === 1 ? '' : 's'}`}`;
}
