import type { TranslationBundle } from '@jupyterlab/translation';
import { DataModel } from '@lumino/datagrid';
import type { ArrowRows, IOrder } from './arrow_rows';
import type { IGridColumn } from './columns';
import { typeLine } from './columns';

/** Time between two tellings of rows that arrive, in ms. */
const PAUSE_MS = 250;

/** Rows as Lumino's grid asks for them: two lines of header, a number before each row. */
export class ArrowGridModel extends DataModel {
  /**
   * @param columns One for each field of the rows.
   * @param _came The order in which the rows come, which they have while they are not sorted.
   */
  constructor(
    readonly rows: ArrowRows,
    readonly columns: readonly IGridColumn[],
    private readonly _came: IOrder | null,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this._told = rows.length;
    rows.added.connect(this._onAdded, this);
    rows.reordered.connect(this._onReordered, this);
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this.rows.added.disconnect(this._onAdded, this);
    this.rows.reordered.disconnect(this._onReordered, this);
  }

  rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? this._told : 2;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'body' ? this.columns.length : 1;
  }

  data(region: DataModel.CellRegion, row: number, column: number): string | null {
    switch (region) {
      case 'body':
        return this.rows.start(row, column);
      case 'row-header':
        return String(row + 1);
      case 'column-header':
        return this._header(row, column);
      case 'corner-header':
        return '';
    }
  }

  private _header(row: number, column: number): string {
    const about = this.columns[column];
    if (about === undefined) {
      return '';
    }
    if (row === 1) {
      return typeLine(about, this._trans);
    }
    const by = this.rows.sorted?.by;
    const order = by ? by.column === column && by : this._came?.column === about.name && this._came;
    return about.name + (order ? (order.descending ? ' ↓' : ' ↑') : '');
  }

  /** A grid paints itself anew with each change, so what comes in quick succession is told at once. */
  private _onAdded(): void {
    if (this._told === 0) {
      this._tell();
    } else if (this._timer === 0) {
      this._timer = window.setTimeout(() => this._tell(), PAUSE_MS);
    }
  }

  private _tell(): void {
    this._timer = 0;
    const index = this._told;
    this._told = this.rows.length;
    this.emitChanged({ type: 'rows-inserted', region: 'body', index, span: this._told - index });
  }

  private _onReordered(): void {
    const cells = { type: 'cells-changed', row: 0, column: 0, columnSpan: this.columns.length } as const;
    this.emitChanged({ ...cells, region: 'body', rowSpan: this._told });
    this.emitChanged({ ...cells, region: 'column-header', rowSpan: this.rowCount('column-header') });
  }

  /** Rows that the grid knows of. */
  private _told: number;
  private _timer = 0;
}
