import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';
import type { IAppearance, IGroupContext, IHealthModel, ITwinstoreClient } from '../../tokens';
import { readWhileShown } from '../when_shown';
import { TableModel } from './model';
import { RowsModel } from './rows_model';
import { RowsTab } from './rows_tab';

/** The Rows tab of the Group view: the rows of its Delta table, once its address is known. */
export class GroupRowsTab extends Panel {
  constructor(private readonly _options: GroupRowsTab.IOptions) {
    super();
    this.addClass('twinstore-GroupRows');
    _options.group.stateChanged.connect(this._onGroup, this);
    this._onGroup();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.group.stateChanged.disconnect(this._onGroup, this);
    super.dispose();
    this._table?.dispose();
  }

  private _onGroup(): void {
    const { group, client, appearance, health, grid, trans } = this._options;
    if (group.data === null || this._table !== null) {
      return;
    }
    const location = group.data.summary.offline;
    const table = (this._table = new TableModel({ location, client, appearance, health }));
    readWhileShown(this, table);
    const model = new RowsModel({ table, client, appearance, grid });
    this.addWidget(new RowsTab({ model, grid, trans, isAlone: true }));
  }

  private _table: TableModel | null = null;
}

export namespace GroupRowsTab {
  export interface IOptions {
    group: IGroupContext;
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    grid: RowsModel.IOptions['grid'];
    trans: TranslationBundle;
  }
}
