import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import { IAppearance, IGroupsModel, IHealthModel, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { TwinstoreClient } from '../client';
import { twinsIcon } from '../icons';
import { Appearance } from './appearance';
import { TwinstoreSidebar } from './sidebar';
import { StatusItem } from './status_item';

export namespace CommandIDs {
  export const show = 'twinstore:show';
  export const refresh = 'twinstore:refresh';
}

const NO_ARGS = { args: { type: 'object', properties: {} } } as const;

/** Provides the one client of the server extension. */
export const clientPlugin: JupyterFrontEndPlugin<ITwinstoreClient> = {
  id: 'jupyterlab-twinstore:client',
  description: 'Provides the client of the twinstore server extension.',
  autoStart: true,
  provides: ITwinstoreClient,
  activate: (app: JupyterFrontEnd) => new TwinstoreClient({ serverSettings: app.serviceManager.serverSettings })
};

/** Provides the settings of appearance. */
export const appearancePlugin: JupyterFrontEndPlugin<IAppearance> = {
  id: 'jupyterlab-twinstore:appearance',
  description: 'Provides how twinstore looks: refresh interval, row limit, notifications.',
  autoStart: true,
  provides: IAppearance,
  optional: [ISettingRegistry],
  activate: (_app: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const appearance = new Appearance();
    void registry?.load(appearancePlugin.id).then(settings => appearance.use(settings));
    return appearance;
  }
};

/** Provides the sidebar. */
export const sidebarPlugin: JupyterFrontEndPlugin<ITwinstoreSidebar> = {
  id: 'jupyterlab-twinstore:sidebar',
  description: 'Provides the Twinstore sidebar, which other plugins join with sections.',
  autoStart: true,
  provides: ITwinstoreSidebar,
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const sidebar = new TwinstoreSidebar({ trans, activate: id => app.shell.activateById(id) });
    restorer?.add(sidebar, 'jupyterlab-twinstore-sidebar');
    app.shell.add(sidebar, 'left', { rank: 310, type: 'Twinstore' });

    app.commands.addCommand(CommandIDs.show, {
      label: trans.__('Show Twinstore'),
      caption: trans.__('Show feature groups, runs and the health of both stores'),
      icon: twinsIcon,
      describedBy: NO_ARGS,
      execute: () => sidebar.focus()
    });
    app.commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Twinstore'),
      caption: trans.__('Read groups, jobs and the health of both stores anew'),
      icon: refreshIcon,
      describedBy: NO_ARGS,
      execute: () => sidebar.refresh()
    });
    for (const command of [CommandIDs.show, CommandIDs.refresh]) {
      palette?.addItem({ command, category: trans.__('Twinstore') });
    }
    return sidebar;
  }
};

/** Shows the group that needs attention most in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:status',
  description: 'Shows in the status bar which feature group needs attention most.',
  autoStart: true,
  requires: [IGroupsModel, IHealthModel, ITwinstoreSidebar, IStatusBar],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    groups: IGroupsModel,
    health: IHealthModel,
    sidebar: ITwinstoreSidebar,
    statusBar: IStatusBar,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const item = new StatusItem({ groups, health, trans, onClick: () => sidebar.reveal() });
    statusBar.registerStatusItem(statusPlugin.id, {
      item,
      align: 'left',
      rank: 3,
      isActive: () => item.isActive,
      activeStateChanged: item.activeChanged
    });
  }
};
