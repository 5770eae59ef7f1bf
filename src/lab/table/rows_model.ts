import type { IPreviewEnd, IPreviewRequest, ITableAnswer } from '../../contract';
import { MAX_PREVIEW } from '../../contract';
import type { IAppearance, ITwinstoreClient } from '../../tokens';
import type * as Grid from '../grid';
import type { ArrowRows, IGridColumn, IOrder } from '../grid';
import { ReadingModel } from '../reading_model';
import type { TableModel, Version } from './model';

/** More rows than the settings' limit, for whoever asks for them. */
const LARGER = [1_000, 10_000, 100_000, MAX_PREVIEW.streamed];

/** Rows of a table as they are shown. */
export interface IShownRows {
  rows: ArrowRows;
  columns: readonly IGridColumn[];
  /** What they are; null while they arrive, and when that was stopped. */
  end: IPreviewEnd | null;
  version: number;
  readUs: number;
}

/** What is read of a table, and how. */
export interface IWish {
  /** Names of the columns; null for all. */
  columns: readonly string[] | null;
  where: string;
  order: IOrder | null;
  limit: number;
}

/** The rows of a table: read when they are looked at, when the version or the wish is another one, and on demand. */
export class RowsModel extends ReadingModel {
  constructor(private readonly _options: RowsModel.IOptions) {
    super();
    this.table = _options.table;
    this._wish = { columns: null, where: '', order: null, limit: _options.appearance.rowLimit };
  }

  readonly table: TableModel;

  /** As read last; kept, though old, until rows of a later reading arrive. */
  get shown(): IShownRows | null {
    return this._shown;
  }

  /** Whether what is shown is what was asked for last. */
  get isCurrent(): boolean {
    return this._shown !== null && this._shown === this._newest;
  }

  get wish(): IWish {
    return this._wish;
  }

  /** Numbers of rows that can be asked for. */
  get limits(): readonly number[] {
    const least = this._options.appearance.rowLimit;
    return [least, ...LARGER.filter(limit => limit > least)];
  }

  /** Begin: read once the table is known, and whenever another version of it is looked at. */
  start(): void {
    this.table.stateChanged.connect(this._onTable, this);
    this._onTable();
  }

  /** Change what is read. */
  ask(change: Partial<IWish>): Promise<void> {
    const before = this._wish;
    this._wish = { ...before, ...change };
    const isLocal =
      Object.keys(change).join() === 'order' && before.order?.of !== 'table' && change.order?.of !== 'table';
    return isLocal && this._shown !== null && this.isCurrent ? this._sort() : this.read();
  }

  /** Read the rows of the version that the table is at. */
  async read(): Promise<void> {
    const { data } = this.table;
    if (data === null || data.refusal !== null) {
      return;
    }
    this._newest = null;
    await this.begin(async options => {
      const { readRows } = await this._options.grid();
      const end = await readRows(this._options.client.preview(this._request(data), options), rows => {
        if (options.signal.aborted) {
          return;
        }
        this._newest = {
          rows,
          columns: columnsOf(data, this._wish.columns),
          end: null,
          version: data.version,
          readUs: (this._options.now ?? Date.now)() * 1000
        };
        // Nothing is worth less than rows that are there already.
        if (this._shown === null || this._shown.rows.length === 0) {
          this._show(this._newest);
        } else {
          rows.added.connect(this._onFirst, this);
        }
      });
      if (this._newest !== null && !options.signal.aborted) {
        this._show({ ...this._newest, end });
      }
    });
    if (this.phase === 'done' && this._wish.order?.of === 'rows') {
      await this._sort();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.table.stateChanged.disconnect(this._onTable, this);
    super.dispose();
  }

  private _request({ version }: ITableAnswer): IPreviewRequest {
    const { columns, where, order, limit } = this._wish;
    return {
      location: this.table.location,
      version,
      limit: order?.of === 'table' ? Math.min(limit, MAX_PREVIEW.ordered) : limit,
      ...(columns === null ? {} : { columns: [...columns] }),
      ...(where === '' ? {} : { where }),
      ...(order?.of === 'table' ? { order: { column: order.column, descending: order.descending } } : {})
    };
  }

  /** Bring what is shown into the order that is wished, without reading it again. */
  private async _sort(): Promise<void> {
    const shown = this._shown;
    const { order } = this._wish;
    this._sorting.abort();
    const { signal } = (this._sorting = new AbortController());
    if (shown === null) {
      return;
    }
    const column = shown.columns.findIndex(({ name }) => name === order?.column);
    const { sortedOrder } = await this._options.grid();
    const sorted =
      order === null || column < 0 ? null : await sortedOrder(shown.rows, column, order.descending, signal);
    if (!signal.aborted) {
      shown.rows.order = sorted;
      this.stateChanged.emit();
    }
  }

  private _show(shown: IShownRows): void {
    this._shown = this._newest = shown;
    this.stateChanged.emit();
  }

  private _onFirst(rows: ArrowRows): void {
    rows.added.disconnect(this._onFirst, this);
    if (this._newest?.rows === rows) {
      this._show(this._newest);
    }
  }

  private _onTable(): void {
    const { data, answered } = this.table;
    if (data !== null && answered !== this._asked) {
      this._asked = answered;
      void this.read();
    }
    this.stateChanged.emit();
  }

  private _wish: IWish;
  private _shown: IShownRows | null = null;
  /** Of the reading that was begun last; null before its first word. */
  private _newest: IShownRows | null = null;
  /** The version that was read for last, as it was asked for. */
  private _asked: Version | null = null;
  private _sorting = new AbortController();
}

export namespace RowsModel {
  export interface IOptions {
    table: TableModel;
    client: ITwinstoreClient;
    appearance: IAppearance;
    /** Brings the grid and Arrow, which are large, when rows are first read. */
    grid: () => Promise<typeof Grid>;
    now?: () => number;
  }
}

function columnsOf({ columns }: ITableAnswer, names: readonly string[] | null): IGridColumn[] {
  // In the order asked for, in which the answer comes.
  const wanted = names === null ? columns : names.flatMap(name => columns.find(column => column.name === name) ?? []);
  return wanted.map(({ name, type, nullable, partition }) => ({
    name,
    type,
    isNullable: nullable,
    isPartition: partition
  }));
}
