import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';
import type { ReactElement } from 'react';
import type { ArrowGrid, ArrowRows, IColumnAction, IGridColumn } from '../grid';
import { PolledView } from '../components';
import { whenShown } from '../when_shown';
import { RowsControls } from './rows_controls';
import type { RowsModel } from './rows_model';
import { RowsStatus } from './rows_status';
import { VersionPicker } from './version_picker';

/** Rows of a table in a grid, with what is read above it. Owns its model. */
export class RowsTab extends Panel {
  constructor(private readonly _options: RowsTab.IOptions) {
    super();
    const { model } = _options;
    this.addClass('twinstore-Rows');
    this._head = new RowsHead(_options, isPlain => this._setPlain(isPlain));
    this.addWidget(this._head);
    model.stateChanged.connect(this._onModel, this);
    whenShown(this, () => model.start());
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.model.stateChanged.disconnect(this._onModel, this);
    super.dispose();
    this._options.model.dispose();
  }

  private _setPlain(isPlain: boolean): void {
    if (this._grid) {
      this._grid.isPlain = isPlain;
    }
    this._head.isPlain = isPlain;
    this._head.update();
  }

  private _onModel(): void {
    void this._draw();
  }

  private async _draw(): Promise<void> {
    const { model, grid, trans } = this._options;
    if (model.shown === null) {
      return;
    }
    const { ArrowGrid, hasOrder } = await grid();
    const { shown } = model;
    if (this.isDisposed || shown === null) {
      return;
    }
    if (this._grid === null) {
      const label = trans.__('Rows of %1', model.table.location);
      this._grid = new ArrowGrid({
        trans,
        label,
        actions: column => (hasOrder(column) ? this._actions(column) : [])
      });
      this._grid.isPlain = this._head.isPlain;
      this.addWidget(this._grid);
    }
    this._grid.toggleClass('twinstore-mod-stale', !model.isCurrent || model.error !== null);
    if (shown.rows !== this._drawn) {
      this._drawn = shown.rows;
      this._grid.setRows(shown.rows, shown.columns, shown.order);
    }
  }

  private _actions({ name }: IGridColumn): IColumnAction[] {
    const { model, trans } = this._options;
    const sort = (descending: boolean): void => void model.sort({ column: name, descending });
    const first = (descending: boolean): void => void model.ask({ order: { column: name, descending }, sort: null });
    return [
      { label: trans.__('Sort these rows by %1, ascending', name), run: () => sort(false) },
      { label: trans.__('Sort these rows by %1, descending', name), run: () => sort(true) },
      { label: trans.__('First rows of the table by %1, ascending', name), run: () => first(false) },
      { label: trans.__('First rows of the table by %1, descending', name), run: () => first(true) }
    ];
  }

  private readonly _head: RowsHead;
  private _grid: ArrowGrid | null = null;
  private _drawn: ArrowRows | null = null;
}

export namespace RowsTab {
  export interface IOptions {
    model: RowsModel;
    grid: RowsModel.IOptions['grid'];
    trans: TranslationBundle;
    /** Whether nothing above tells the state of the table and chooses its version. */
    isAlone: boolean;
  }
}

/** What stands above the grid. */
class RowsHead extends VDomRenderer<RowsModel> {
  constructor(
    private readonly _options: RowsTab.IOptions,
    private readonly _onPlain: (isPlain: boolean) => void
  ) {
    super(_options.model);
  }

  isPlain = false;

  protected render(): ReactElement {
    const { model, trans, isAlone } = this._options;
    const rows = (
      <>
        <RowsControls model={model} trans={trans} isPlain={this.isPlain} onPlain={this._onPlain} />
        <RowsStatus model={model} trans={trans} />
      </>
    );
    if (!isAlone) {
      return rows;
    }
    return (
      <PolledView model={model.table} reading={trans.__('Reading table %1 …', model.table.location)} trans={trans}>
        {() => (
          <>
            <VersionPicker model={model.table} trans={trans} />
            {rows}
          </>
        )}
      </PolledView>
    );
  }
}
