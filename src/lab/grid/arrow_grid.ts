import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { DataGrid, SelectionModel } from '@lumino/datagrid';
import { BasicSelectionModel } from '@lumino/datagrid';
import { MessageLoop } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import type { ArrowRows, IOrder } from './arrow_rows';
import type { IGridColumn } from './columns';
import { isNumeric, typeLine } from './columns';
import { DirectGrid } from './direct_grid';
import { ArrowGridModel } from './grid_model';
import { GridKeys, GridMouse } from './handlers';
import { PlainTable } from './plain_table';
import { palette, renderers } from './style';

const ROW_HEIGHT = 22;
/** Widths in pixels: of a character, of what stands around the text, the bounds of a column, the least of row numbers. */
const CHARACTER = 7.8;
const PADDING = 24;
const [MIN_WIDTH, MAX_WIDTH] = [70, 360];
const NUMBER_WIDTH = 56;
/** Rows that the first width of a column is measured by. */
const MEASURED = 40;

/** Something that can be done with a column. */
export interface IColumnAction {
  label: string;
  run: () => void;
}

/** Rows in a grid, with a line that tells the chosen value in full; or the first of them as a plain table. */
export class ArrowGrid extends Panel {
  constructor(private readonly _options: ArrowGrid.IOptions) {
    super();
    const { trans, label } = _options;
    this.addClass('twinstore-Grid');
    const ask = (column: number, x: number, y: number): void => this._openMenu(column, x, y);
    this._grid = new DirectGrid({
      defaultSizes: {
        rowHeight: ROW_HEIGHT,
        columnWidth: 120,
        rowHeaderWidth: NUMBER_WIDTH,
        columnHeaderHeight: ROW_HEIGHT
      },
      copyConfig: {
        separator: '\t',
        headers: 'none',
        format: ({ row, column }) => this._model?.rows.text(row, column) ?? '',
        warningThreshold: 1e6
      }
    });
    this._grid.keyHandler = new GridKeys(ask);
    this._grid.mouseHandler = new GridMouse(ask);
    const { node } = this._grid.viewport;
    node.tabIndex = 0;
    node.setAttribute('role', 'application');
    node.setAttribute('aria-roledescription', trans.__('grid'));
    node.setAttribute(
      'aria-label',
      trans.__('%1. Arrow keys move, Enter shows what can be done with the column.', label)
    );
    node.addEventListener('focus', () => this._chooseFirst());
    this._value = new Widget();
    this._value.addClass('twinstore-Grid-value');
    this._value.node.setAttribute('role', 'status');
    this._table = new PlainTable(trans, label);
    this._table.hide();
    this.addWidget(this._grid);
    this.addWidget(this._value);
    this.addWidget(this._table);
    this._sizes = new ResizeObserver(() => MessageLoop.postMessage(this._grid, Widget.ResizeMessage.UnknownSize));
    this._sizes.observe(this.node);
    this._themes = new MutationObserver(() => this._paint());
    this._themes.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
  }

  /** Lumino's grid, for what only it knows. */
  get grid(): DataGrid {
    return this._grid;
  }

  /** Whether the first rows are shown as a plain table instead. */
  get isPlain(): boolean {
    return !this._table.isHidden;
  }

  set isPlain(isPlain: boolean) {
    this._grid.setHidden(isPlain);
    this._value.setHidden(isPlain);
    this._table.setHidden(!isPlain);
  }

  /** Show other rows. @param came The order in which they come, if any. */
  setRows(rows: ArrowRows, columns: readonly IGridColumn[], came: IOrder | null): void {
    const before = this._model;
    const isSame = before !== null && sameColumns(before.columns, columns);
    const [row, column] = isSame ? cursorOf(this._grid) : [-1, -1];
    // The grid forgets them with the model.
    const widths = isSame ? columns.map((_, index) => this._grid.columnSize('body', index)) : [];
    this._model = new ArrowGridModel(rows, columns, came, this._options.trans);
    this._grid.dataModel = this._model;
    before?.dispose();
    const selection = new BasicSelectionModel({ dataModel: this._model });
    selection.changed.connect(this._tell, this);
    rows.reordered.connect(this._tell, this);
    this._grid.selectionModel = selection;
    this._value.node.textContent = '';
    this._table.setModel(this._model);
    this._paint();
    widths.forEach((width, index) => this._grid.resizeColumn('body', index, width));
    rows.added.connect(this._fitNumbers, this);
    this._fitNumbers(rows, rows.length);
    if (rows.length === 0) {
      rows.added.connect(this._onFirst, this);
    } else if (!isSame) {
      this._fit();
    }
    // Whoever stands somewhere still stands there.
    if (row >= 0 && row < rows.length) {
      choose(selection, row, column);
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._sizes.disconnect();
    this._themes.disconnect();
    this._menu?.dispose();
    super.dispose();
    this._model?.dispose();
  }

  private _paint(): void {
    if (this._model !== null) {
      const colours = palette();
      this._grid.style = colours.grid;
      this._grid.cellRenderers.update(renderers(colours, this._model));
    }
  }

  /** Widths follow from texts, so they wait for the first of these. */
  private _onFirst(rows: ArrowRows): void {
    rows.added.disconnect(this._onFirst, this);
    if (this._model?.rows === rows) {
      this._fit();
    }
  }

  /** Give the numbers of the rows the width of the greatest, once that has more digits by those that were added. */
  private _fitNumbers(rows: ArrowRows, added: number): void {
    const digits = String(rows.length).length;
    if (this._model?.rows === rows && (added === rows.length || digits > String(rows.length - added).length)) {
      const width = Math.round(digits * CHARACTER) + PADDING;
      this._grid.resizeColumn('row-header', 0, Math.max(NUMBER_WIDTH, width));
    }
  }

  /** Give each column the width of its longest text among the first rows. */
  private _fit(): void {
    const model = this._model;
    if (model === null) {
      return;
    }
    const measured = Math.min(MEASURED, model.rows.length);
    model.columns.forEach((column, index) => {
      const texts = Array.from({ length: measured }, (_, row) => model.rows.start(row, index)?.length ?? 4);
      const longest = Math.max(column.name.length + 2, typeLine(column, this._options.trans).length, ...texts);
      const width = Math.round(longest * CHARACTER) + PADDING;
      this._grid.resizeColumn('body', index, Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));
    });
  }

  private _chooseFirst(): void {
    const { selectionModel } = this._grid;
    if (selectionModel && selectionModel.isEmpty && this._model && this._model.rows.length > 0) {
      choose(selectionModel, 0, 0);
    }
  }

  /** Tell the value under the cursor. */
  private _tell(): void {
    const [row, column] = cursorOf(this._grid);
    const about = this._model?.columns[column];
    if (!about || !this._model || row < 0 || row >= this._model.rows.length) {
      this._value.node.textContent = '';
      return;
    }
    const text = this._model.rows.text(row, column) ?? 'null';
    this._value.node.textContent = this._options.trans.__('%1, row %2: %3', about.name, row + 1, text);
    this._value.toggleClass('twinstore-mod-numeric', isNumeric(about));
  }

  private _openMenu(column: number, x: number, y: number): void {
    const about = this._model?.columns[column];
    const actions = about ? this._options.actions(about, column) : [];
    if (actions.length === 0) {
      return;
    }
    this._menu?.dispose();
    const commands = new CommandRegistry();
    const menu = (this._menu = new MenuSvg({ commands }));
    actions.forEach(({ label, run }, index) => {
      commands.addCommand(`action-${index}`, { label, execute: run, describedBy: { args: null } });
      menu.addItem({ command: `action-${index}` });
    });
    menu.open(x, y);
  }

  private readonly _grid: DataGrid;
  private readonly _value: Widget;
  private readonly _table: PlainTable;
  private readonly _sizes: ResizeObserver;
  private readonly _themes: MutationObserver;
  private _model: ArrowGridModel | null = null;
  private _menu: MenuSvg | null = null;
}

export namespace ArrowGrid {
  export interface IOptions {
    trans: TranslationBundle;
    /** What the rows are, for who does not see them. */
    label: string;
    /** What the menu of a column's header offers; with the place of the column. */
    actions: (column: IGridColumn, place: number) => readonly IColumnAction[];
  }
}

/** Row and column of the cursor, negative where there is none. */
function cursorOf({ selectionModel }: DataGrid): [number, number] {
  return [selectionModel?.cursorRow ?? -1, selectionModel?.cursorColumn ?? -1];
}

function choose(selection: SelectionModel, row: number, column: number): void {
  selection.select({ r1: row, c1: column, r2: row, c2: column, cursorRow: row, cursorColumn: column, clear: 'all' });
}

function sameColumns(a: readonly IGridColumn[], b: readonly IGridColumn[]): boolean {
  return a.length === b.length && a.every(({ name, type }, i) => name === b[i]?.name && type === b[i]?.type);
}
