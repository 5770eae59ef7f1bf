import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, InputDialog, Notification } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IGroupsModel, IHealthModel, ITableView } from '../../tokens';
import { tableIcon } from '../icons';
import { codeFor, codeForGroup } from './code';
import type { DeltaFolders } from './delta_folders';

/** Commands on a table: the one of `location`, in a context menu the one under it, else the one in view. */
export namespace CommandIDs {
  export const open = 'twinstore:open-table';
  export const insertCode = 'twinstore:insert-table-code';
  export const copy = 'twinstore:copy-table-address';
}

export interface ITableCommandsOptions {
  app: JupyterFrontEnd;
  view: ITableView;
  groups: IGroupsModel;
  health: IHealthModel;
  folders: DeltaFolders;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
  browsers: IFileBrowserFactory | null;
}

const PROPERTIES = {
  location: { type: 'string', description: 'Address of the Delta table; default the one in view' },
  menu: { type: 'boolean', description: 'Whether the one under the open context menu is meant' }
} as const;

export function addTableCommands(options: ITableCommandsOptions): void {
  const { app, view, groups, trans, notebooks, folders } = options;
  const named = ({ location, menu }: ReadonlyPartialJSONObject): string | null => {
    if (typeof location === 'string') {
      return location;
    }
    return menu === true
      ? (app.contextMenuHitTest(node => node.dataset['location'] !== undefined)?.dataset['location'] ?? null)
      : null;
  };
  const target = (args: ReadonlyPartialJSONObject): string | null =>
    named(args) ?? (args['menu'] === true ? null : (view.current?.location ?? null));

  app.commands.addCommand(CommandIDs.open, {
    label: args =>
      args['selected'] === true
        ? trans.__('Open as Delta Table')
        : named(args) === null
          ? trans.__('Open Delta Table …')
          : trans.__('Open Delta Table'),
    caption: trans.__('Show rows, history, files, statistics and schema of a Delta table'),
    icon: tableIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ...PROPERTIES,
          location: { type: 'string', description: 'Address of the Delta table; asked for by default' },
          selected: { type: 'boolean', description: 'Whether the folder selected in the file browser is meant' }
        }
      }
    },
    isVisible: ({ selected }) =>
      selected !== true || selectedPaths(options).some(path => folders.holds(path) !== false),
    execute: async args => {
      const locations =
        args['selected'] === true
          ? selectedPaths(options).flatMap(path => locationOf(path, options))
          : [named(args) ?? (await askForLocation(trans))];
      locations.forEach(location => location !== null && view.open(location));
    }
  });
  app.commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Code That Reads the Table'),
    caption: trans.__('Insert a cell that reads this table below the active cell of the notebook'),
    describedBy: {
      args: {
        type: 'object',
        properties: { ...PROPERTIES, version: { type: 'integer', description: 'Version to read; default the newest' } }
      }
    },
    isEnabled: args => target(args) !== null,
    execute: args => {
      const location = target(args);
      const panel = notebooks?.currentWidget;
      if (location === null) {
        return;
      }
      if (!panel) {
        Notification.warning(
          trans.__('No notebook is open: open the one that the code shall go into, then try again.'),
          { autoClose: 10000 }
        );
        return;
      }
      const inView = location === view.current?.location ? view.current.version : null;
      const version = typeof args['version'] === 'number' ? args['version'] : inView;
      const group = groups.groups.find(({ offline }) => offline === location);
      NotebookActions.insertBelow(panel.content);
      panel.content.activeCell?.model.sharedModel.setSource(
        group ? codeForGroup(group.name, version) : codeFor(location, version)
      );
      app.shell.activateById(panel.id);
    }
  });
  app.commands.addCommand(CommandIDs.copy, {
    label: trans.__('Copy Address of Table'),
    caption: trans.__('Copy the address of the Delta table'),
    describedBy: { args: { type: 'object', properties: PROPERTIES } },
    isEnabled: args => target(args) !== null,
    execute: args => {
      const location = target(args);
      if (location !== null) {
        Clipboard.copyToSystem(location);
      }
    }
  });
}

/** Paths of the folders that are selected in the file browser. */
function selectedPaths({ browsers }: ITableCommandsOptions): string[] {
  const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
  return items.filter(({ type }) => type === 'directory').map(({ path }) => path);
}

/** The place of a folder of the file browser on the machine where Jupyter Server runs. */
function locationOf(path: string, { health }: ITableCommandsOptions): string[] {
  const root = health.data?.status.root;
  return root === undefined ? [] : [`${root.replace(/\/$/, '')}/${path}`];
}

async function askForLocation(trans: TranslationBundle): Promise<string | null> {
  const { value } = await InputDialog.getText({
    title: trans.__('Open Delta table'),
    label: trans.__('Address, such as s3a://raw/events or /data/events'),
    okLabel: trans.__('Open')
  });
  return value === null || value.trim() === '' ? null : value;
}
