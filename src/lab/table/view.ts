import type { IAppearance, IHealthModel, ITwinstoreClient } from '../../tokens';
import { FollowingModel } from '../following_model';
import { tableIcon } from '../icons';
import { TabbedPanel } from '../tabbed_panel';
import { FilesTab } from './files_tab';
import { nameOf, TableHeader } from './header';
import { HistoryTab } from './history_tab';
import { markOf, TableModel } from './model';
import { RowsModel } from './rows_model';
import { RowsTab } from './rows_tab';
import { SchemaTab } from './schema_tab';
import { StatisticsModel } from './statistics_model';
import { StatisticsTab } from './statistics_tab';

/** The view of one Delta table. Owns its model. */
export class TablePanel extends TabbedPanel<TableModel> {
  constructor(options: TablePanel.IOptions) {
    const { location, client, appearance, health, trans, grid } = options;
    const model = new TableModel({ location, client, appearance, health });
    super({
      id: `jupyterlab-twinstore-table-${location}`,
      label: nameOf(location),
      caption: trans.__('Delta table %1', location),
      icon: tableIcon,
      tabsLabel: trans.__('About %1', nameOf(location)),
      header: new TableHeader(model, options),
      subject: model
    });
    this._model = model;
    this.addClass('twinstore-TableView');
    // What follows the table waits until its tab is looked at.
    const followed = { source: model, appearance, waits: true };
    this.addTab({
      id: 'rows',
      title: trans.__('Rows'),
      rank: 100,
      create: table =>
        new RowsTab({ model: new RowsModel({ table, client, appearance, grid }), grid, trans, isAlone: false })
    });
    this.addTab({
      id: 'history',
      title: trans.__('History'),
      rank: 200,
      create: table =>
        new HistoryTab(
          new FollowingModel({
            ...followed,
            name: `HistoryModel#${location}`,
            fetch: request => client.tableHistory(location, appearance.rowLimit, request),
            // When the head was committed is told only where it is looked at.
            mark: ({ id, head, version, committed_us }) =>
              markOf({ id, version: head, committed_us: version === head ? committed_us : null })
          }),
          table,
          trans
        )
    });
    this.addTab({
      id: 'files',
      title: trans.__('Files'),
      rank: 300,
      create: () =>
        new FilesTab(
          new FollowingModel({
            ...followed,
            name: `FilesModel#${location}`,
            fetch: request =>
              client.tableFiles({ location, version: model.data?.version }, appearance.rowLimit, request),
            mark: markOf
          }),
          trans
        )
    });
    this.addTab({
      id: 'statistics',
      title: trans.__('Statistics'),
      rank: 400,
      create: table => new StatisticsTab(new StatisticsModel(table, client), trans)
    });
    this.addTab({
      id: 'schema',
      title: trans.__('Schema'),
      rank: 500,
      create: table => new SchemaTab(table, trans)
    });
  }

  get location(): string {
    return this._model.location;
  }

  /** The version that is looked at; null while that is the newest, whichever it is. */
  get version(): number | null {
    return this._model.isNewest ? null : (this._model.data?.version ?? null);
  }

  private readonly _model: TableModel;
}

export namespace TablePanel {
  export interface IOptions extends TableHeader.IOptions {
    location: string;
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    grid: RowsModel.IOptions['grid'];
  }
}
