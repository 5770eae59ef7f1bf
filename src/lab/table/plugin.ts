import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAppearance, IGroupView, IHealthModel, ITableView, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { GroupRowsTab } from './group_rows';
import { TableView } from './table_view';

/** The grid and Arrow are large, so they come when rows are first shown. */
const grid = () => import('../grid');

/** Provides the view of a Delta table. */
export const tableViewPlugin: JupyterFrontEndPlugin<ITableView> = {
  id: 'jupyterlab-twinstore:table-view',
  description: 'Provides the main area view of a Delta table: rows, history, files, statistics, schema.',
  autoStart: true,
  provides: ITableView,
  requires: [ITwinstoreClient, IAppearance, IHealthModel, IGroupView, ITwinstoreSidebar],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    client: ITwinstoreClient,
    appearance: IAppearance,
    health: IHealthModel,
    groups: IGroupView,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const view = new TableView({
      trans: (translator ?? nullTranslator).load('jupyterlab_twinstore'),
      client,
      appearance,
      health,
      grid,
      onOpenGroup: group => groups.open(group),
      onInsertCode: (location, version) =>
        void app.commands.execute('twinstore:insert-table-code', {
          location,
          ...(version === null ? {} : { version })
        }),
      show: panel => panel.showIn(app.shell, 'Delta table')
    });
    void restorer?.restore(view.tracker, {
      command: 'twinstore:open-table',
      args: panel => ({ location: panel.location }),
      name: panel => panel.location
    });
    sidebar.refreshRequested.connect(() => view.refresh());
    return view;
  }
};

/** Adds the Rows tab to the Group view. */
export const groupRowsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:group-rows',
  description: 'Shows the offline rows of a feature group, at any version.',
  autoStart: true,
  requires: [IGroupView, ITwinstoreClient, IAppearance, IHealthModel],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    view: IGroupView,
    client: ITwinstoreClient,
    appearance: IAppearance,
    health: IHealthModel,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    view.addTab({
      id: 'rows',
      title: trans.__('Rows'),
      rank: 100,
      create: group => new GroupRowsTab({ group, client, appearance, health, grid, trans })
    });
  }
};
