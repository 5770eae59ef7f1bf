import type { TranslationBundle } from '@jupyterlab/translation';
import type { IRenderMime } from '@jupyterlab/rendermime';
import { Button, ReactWidget } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';
import type { ReactElement } from 'react';
import type * as Grid from '../grid';
import type { ArrowGrid, IColumnAction, IGridColumn, ISort } from '../grid';

/** MIME type of rows in an output, as the Python package writes it (`twinstore/magics/rows.py`). */
export const ROWS_MIME = 'application/vnd.twinstore.rows+json';

/** What such an output holds. */
export interface IRowsOutput {
  columns: { name: string; type: string; nullable: boolean }[];
  /** An Arrow IPC stream, in base64. */
  arrow: string;
  rows: number;
  complete: boolean;
  /** What the rows are, in a sentence. */
  what: string;
}

/** Rows in the output of a cell, in the same grid as everywhere. */
export class RowsOutput extends Panel implements IRenderMime.IRenderer {
  constructor(
    private readonly _loadGrid: () => Promise<typeof Grid>,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('twinstore-RowsOutput');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const output = model.data[ROWS_MIME] as unknown as IRowsOutput;
    const { ArrowGrid, hasOrder, rowsOf, sortRows } = await this._loadGrid();
    if (this.isDisposed) {
      return;
    }
    for (const widget of [...this.widgets]) {
      widget.dispose();
    }
    const rows = rowsOf(Uint8Array.from(atob(output.arrow), character => character.charCodeAt(0)));
    const columns = output.columns.map(({ name, type, nullable }) => ({
      name,
      type,
      isNullable: nullable,
      isPartition: false
    }));
    const grid = new ArrowGrid({
      trans: this._trans,
      label: output.what,
      actions: (column, place) =>
        hasOrder(column) ? this._actions(column, place, by => void sortRows(rows, by, NEVER)) : []
    });
    grid.setRows(rows, columns, null);
    // As high as its rows, up to where scrolling in it is better.
    grid.node.style.height = `${Math.min(MOST_PIXELS, HEAD_PIXELS + rows.length * ROW_PIXELS)}px`;
    this.addWidget(new Caption(output.what, grid, this._trans));
    this.addWidget(grid);
  }

  private _actions({ name }: IGridColumn, place: number, sort: (by: ISort | null) => void): IColumnAction[] {
    const by = (descending: boolean): void => sort({ column: place, descending });
    return [
      { label: this._trans.__('Sort by %1, ascending', name), run: () => by(false) },
      { label: this._trans.__('Sort by %1, descending', name), run: () => by(true) },
      { label: this._trans.__('As they came'), run: () => sort(null) }
    ];
  }
}

/** Heights of a grid's header with what stands below it, of a row, and of the highest grid. */
const [HEAD_PIXELS, ROW_PIXELS, MOST_PIXELS] = [100, 22, 420];

/** Sorting so few rows is over before anybody could give it up. */
const NEVER = new AbortController().signal;

/** The sentence above the grid, and the way to the plain table. */
class Caption extends ReactWidget {
  constructor(
    private readonly _what: string,
    private readonly _grid: ArrowGrid,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('twinstore-RowsOutput-caption');
  }

  protected render(): ReactElement {
    const { isPlain } = this._grid;
    const toggle = (): void => {
      this._grid.isPlain = !isPlain;
      this.update();
    };
    return (
      <>
        <span>{this._what}</span>
        <Button className="jp-mod-styled jp-mod-reject" aria-pressed={isPlain} onClick={toggle}>
          {isPlain ? this._trans.__('View as grid') : this._trans.__('View as table')}
        </Button>
      </>
    );
  }
}
