import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAppearance, IHealthModel, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { CommandIDs as FirstUseCommandIDs } from '../first_use';
import { HealthCover } from './cover';
import { HealthFoot } from './foot';
import { HealthModel } from './model';

export namespace CommandIDs {
  export const restart = 'twinstore:restart-companion';
  export const connect = 'twinstore:connect';
}

/** Watches the chain to the stores, and says so in the sidebar. */
export const healthPlugin: JupyterFrontEndPlugin<IHealthModel> = {
  id: 'jupyterlab-twinstore:health',
  description: 'Watches server extension, companion and stores, and shows in the sidebar how they are.',
  autoStart: true,
  provides: IHealthModel,
  requires: [ITwinstoreClient, IAppearance, ITwinstoreSidebar],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    client: ITwinstoreClient,
    appearance: IAppearance,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const model = new HealthModel({ client, appearance });
    const cover = new HealthCover(model, trans);
    const foot = new HealthFoot(model, trans, () => void app.commands.execute(FirstUseCommandIDs.startDemo));
    sidebar.setFoot(foot);
    sidebar.setCover(cover);
    model.phaseChanged.connect((_, phase) => {
      if (phase !== 'unconfigured') {
        sidebar.setCover(phase === 'ready' ? null : cover);
      }
    });
    sidebar.refreshRequested.connect(() => void model.refresh());

    app.commands.addCommand(CommandIDs.restart, {
      label: trans.__('Restart the Companion'),
      caption: trans.__('Start the process anew that reads both stores for the interface'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => model.restart()
    });
    app.commands.addCommand(CommandIDs.connect, {
      label: trans.__('Connect to Stores …'),
      caption: trans.__('Name the stores to use, or see which settings are in force and how to change them'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        sidebar.reveal();
        if (model.phase === 'unconfigured') {
          await app.commands.execute(FirstUseCommandIDs.openForm);
        } else {
          foot.openSettings();
        }
      }
    });
    for (const command of [CommandIDs.restart, CommandIDs.connect]) {
      palette?.addItem({ command, category: trans.__('Twinstore') });
    }
    return model;
  }
};
