import type { TranslationBundle } from '@jupyterlab/translation';
import { DataModel } from '@lumino/datagrid';
import type { ArrowRows } from './arrow_rows';
import type { IGridColumn } from './columns';
import { typeLine } from './columns';

/** How the rows are ordered: by which column, and whether of the whole table or only among themselves. */
export interface IOrder {
  column: string;
  descending: boolean;
  of: 'rows' | 'table';
}

/** Rows as Lumino's grid asks for them: two lines of header, a number before each row. */
export class ArrowGridModel extends DataModel {
  /** @param columns One for each field of the rows. */
  constructor(
    readonly rows: ArrowRows,
    readonly columns: readonly IGridColumn[],
    private readonly _order: IOrder | null,
    private readonly _trans: TranslationBundle
  ) {
    super();
    rows.added.connect(this._onAdded, this);
    rows.reordered.connect(this._onReordered, this);
  }

  dispose(): void {
    this.rows.added.disconnect(this._onAdded, this);
    this.rows.reordered.disconnect(this._onReordered, this);
  }

  rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? this.rows.length : 2;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'body' ? this.columns.length : 1;
  }

  data(region: DataModel.CellRegion, row: number, column: number): string | null {
    switch (region) {
      case 'body':
        return this.rows.text(row, column);
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
    const mark = this._order?.column === about.name ? (this._order.descending ? ' ↓' : ' ↑') : '';
    return about.name + mark;
  }

  private _onAdded(_: ArrowRows, span: number): void {
    this.emitChanged({ type: 'rows-inserted', region: 'body', index: this.rows.length - span, span });
  }

  private _onReordered(): void {
    this.emitChanged({
      type: 'cells-changed',
      region: 'body',
      row: 0,
      column: 0,
      rowSpan: this.rows.length,
      columnSpan: this.columns.length
    });
  }
}
