import type { IPreviewEnd, IPreviewRequest, ITableAnswer } from '../../contract';
import { MAX_PREVIEW } from '../../contract';
import type { IAppearance, ITwinstoreClient } from '../../tokens';
import type * as Grid from '../grid';
import type { ArrowRows, IGridColumn, IOrder } from '../grid';
import { ReadingModel } from '../reading_model';
import type { TableModel, Version } from './model';
import { markOf } from './model';

/** More rows than the settings' limit, for whoever asks for them. */
const LARGER = [1_000, 10_000, 100_000, MAX_PREVIEW.streamed];

/** Rows of a table as they are shown. */
export interface IShownRows {
  rows: ArrowRows;
  columns: readonly IGridColumn[];
  /** The condition that they satisfy, the order of the table by which they are its first, and from where; as in the wish. */
  where: string;
  order: IOrder | null;
  window: IWish['window'];
  /** What they are; null while they arrive, and when that was stopped. */
  end: IPreviewEnd | null;
  tableId: string;
  version: number;
  readUs: number;
}

/** What is read of a table, and how. */
export interface IWish {
  /** Names of the columns; null for all. */
  columns: readonly string[] | null;
  where: string;
  /** Of the whole table, whose first rows are read then; null for any rows. */
  order: IOrder | null;
  /** Without condition and order: the rows that are quickest to read, or the first of the table. */
  window: 'cheapest' | 'first';
  /** Of the rows that were read, among themselves; null for the order in which they come. */
  sort: IOrder | null;
  limit: number;
}

/** The rows of a table: read when they are looked at, when the version or the wish is another one, and on demand. */
export class RowsModel extends ReadingModel {
  constructor(private readonly _options: RowsModel.IOptions) {
    super();
    this.table = _options.table;
    this._wish = {
      columns: null,
      where: '',
      order: null,
      window: 'cheapest',
      sort: null,
      limit: _options.appearance.rowLimit
    };
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

  /** Whether the rows that are shown are only those that had arrived when their reading ended. */
  get isPartial(): boolean {
    return this.isCurrent && this._shown?.end === null && (this.phase === 'stopped' || this.phase === 'failed');
  }

  /** Whether the condition is what was refused: what is shown was read by another one. */
  get isConditionRefused(): boolean {
    const { where } = this._wish;
    return this.error?.code === 'bad_request' && where !== '' && where !== this._shown?.where;
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
    this._wish = { ...this._wish, ...change };
    return this.read();
  }

  /** Sort the rows that are there, without reading them again, and those of later readings. */
  async sort(sort: IOrder | null): Promise<void> {
    this._wish = { ...this._wish, sort };
    // Rows that still arrive are sorted once they are there.
    if (this.phase !== 'reading') {
      await this._sort();
    }
  }

  /** Read the rows of the version that the table is at. */
  async read(): Promise<void> {
    const { data } = this.table;
    this._read = data;
    if (data === null || data.refusal !== null) {
      return;
    }
    this._newest = null;
    await this._readRows(this._request(data.version), (rows, { columnsOf }) => {
      const { where, order, window } = this._wish;
      this._newest = {
        rows,
        // Of what has arrived: the table may be another one than when it was looked at.
        columns: columnsOf(rows.schema.fields).map(about => ({ ...about, isPartition: isPartition(data, about) })),
        where,
        order,
        window,
        end: null,
        tableId: data.id,
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
  }

  /** Read the rows anew, and those of the table's newest version once it is known that there is one. */
  async readAgain(): Promise<void> {
    const reading = this.read();
    await this.table.refresh();
    const { data } = this.table;
    if (data !== null && (this._read === null || markOf(data) !== markOf(this._read))) {
      await this.read();
    }
    await reading;
  }

  /** Whether a reading that was stopped can go on from the rows that had arrived. */
  get canReadOn(): boolean {
    return this.phase === 'stopped' && this.isCurrent && (this._shown?.rows.length ?? 0) < this._limit;
  }

  /** Go on where the reading was stopped. */
  async readOn(): Promise<void> {
    const shown = this._shown;
    if (shown !== null && this.canReadOn) {
      const { rows, tableId, version } = shown;
      await this._readRows({ ...this._request(version), table_id: tableId, skip: rows.length }, () => undefined, rows);
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.table.stateChanged.disconnect(this._onTable, this);
    super.dispose();
  }

  /** Read rows, added to those that are there already if any, and show them when they are through. */
  private async _readRows(
    request: IPreviewRequest,
    onRows: (rows: ArrowRows, grid: typeof Grid) => void,
    onto?: ArrowRows
  ): Promise<void> {
    await this.begin(async options => {
      const grid = await this._options.grid();
      const pieces = this._options.client.preview(request, options);
      const begin = (rows: ArrowRows): void => {
        if (!options.signal.aborted) {
          onRows(rows, grid);
        }
      };
      const end = await grid.readRows(pieces, begin, onto);
      if (this._newest !== null && !options.signal.aborted) {
        this._show({ ...this._newest, end });
      }
    });
    // However it has ended.
    if (this.phase !== 'reading' && this.isCurrent && this._wish.sort !== null) {
      await this._sort();
    }
  }

  private _request(version: number): IPreviewRequest {
    const { columns, where, order, window } = this._wish;
    return {
      location: this.table.location,
      version,
      limit: this._limit,
      ...(columns === null ? {} : { columns: [...columns] }),
      ...(where === '' ? {} : { where }),
      ...(order === null ? {} : { order }),
      ...(where === '' && order === null && window === 'first' ? { window } : {})
    };
  }

  /** Rows, at most, of what is wished. */
  private get _limit(): number {
    const { order, limit } = this._wish;
    return order === null ? limit : Math.min(limit, MAX_PREVIEW.ordered);
  }

  /** Bring what is shown into the order that is wished, without reading it again. */
  private async _sort(): Promise<void> {
    const shown = this._shown;
    this._sorting.abort();
    const { signal } = (this._sorting = new AbortController());
    if (shown !== null) {
      const { sortRows } = await this._options.grid();
      const { sort } = this._wish;
      const column = shown.columns.findIndex(({ name }) => name === sort?.column);
      await sortRows(shown.rows, sort && { ...sort, column }, signal);
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
    // Rows of an older version stay to be seen; those of one that is no more are read anew.
    const isAnew = data !== null && data.version === this._read?.version && markOf(data) !== markOf(this._read);
    if (data !== null && (answered !== this._asked || isAnew)) {
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
  /** The table as it was then. */
  private _read: ITableAnswer | null = null;
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

function isPartition({ columns }: ITableAnswer, { name }: IGridColumn): boolean {
  return columns.some(column => column.name === name && column.partition);
}
