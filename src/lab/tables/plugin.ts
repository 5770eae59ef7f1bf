import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import { IAppearance, IGroupsModel, IHealthModel, ITableView, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { addTableCommands, CommandIDs } from './commands';
import { DeltaFolders } from './delta_folders';
import { TablesModel } from './model';
import { TablesSection } from './section';

/** Time for which the pointer rests on a folder before it is looked into, in ms. */
const RESTS_MS = 200;

/** Shows the Delta tables of the offline store in the sidebar, and opens any other. */
export const tablesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:tables',
  description: 'Shows the Delta tables under the configured roots in the sidebar, and opens any other by its address.',
  autoStart: true,
  requires: [ITwinstoreClient, IAppearance, IHealthModel, IGroupsModel, ITableView, ITwinstoreSidebar],
  optional: [ITranslator, ICommandPalette, ILauncher, INotebookTracker, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    client: ITwinstoreClient,
    appearance: IAppearance,
    health: IHealthModel,
    groups: IGroupsModel,
    view: ITableView,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    notebooks: INotebookTracker | null,
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const model = new TablesModel({ client, appearance, health });
    sidebar.addSection({
      id: 'tables',
      title: trans.__('Tables'),
      rank: 200,
      widget: new TablesSection(model, location => view.open(location), trans)
    });
    sidebar.refreshRequested.connect(() => void model.relist());

    const folders = new DeltaFolders(app.serviceManager.contents);
    const look = new Debouncer((path: string) => folders.look(path), RESTS_MS);
    const watch = (browser: FileBrowser): void =>
      browser.node.addEventListener('pointerover', event => {
        const item = browser.modelForClick(event);
        if (item?.type === 'directory') {
          void look.invoke(item.path);
        }
      });
    browsers?.tracker.forEach(watch);
    browsers?.tracker.widgetAdded.connect((_, browser) => watch(browser));

    addTableCommands({ app, view, groups, health, folders, trans, notebooks, browsers });
    const category = trans.__('Twinstore');
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.open, category: trans.__('Other'), rank: 10 });
  }
};
