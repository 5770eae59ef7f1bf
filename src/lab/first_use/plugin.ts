import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IHealthModel, IJobsModel, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { FirstUseModel } from './model';
import { FirstUse } from './view';

export namespace CommandIDs {
  export const startDemo = 'twinstore:start-demo';
  /** Of somebody who has no settings. */
  export const openForm = 'twinstore:open-connect-form';
}

const NO_ARGS = { args: { type: 'object', properties: {} } } as const;

/** Covers the sidebar of somebody who has no settings, and helps to get some. */
export const firstUsePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:first-use',
  description: 'Starts the demo stack, or asks for stores, where there are no settings.',
  autoStart: true,
  requires: [ITwinstoreClient, IHealthModel, IJobsModel, ITwinstoreSidebar],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    client: ITwinstoreClient,
    health: IHealthModel,
    jobs: IJobsModel,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const model = new FirstUseModel(client, health, jobs);
    const cover = new FirstUse(model, trans);
    const onPhase = (): void => {
      if (health.phase === 'unconfigured') {
        sidebar.setCover(cover);
      }
    };
    onPhase();
    health.phaseChanged.connect(onPhase);
    app.commands.addCommand(CommandIDs.openForm, {
      label: trans.__('Connect'),
      describedBy: NO_ARGS,
      execute: () => model.openForm()
    });
    app.commands.addCommand(CommandIDs.startDemo, {
      label: trans.__('Start the Demo Stack'),
      caption: trans.__('Start Cassandra and an S3 server on this machine, with a sample input'),
      describedBy: NO_ARGS,
      execute: async () => {
        sidebar.reveal();
        await model.startDemo();
      }
    });
    palette?.addItem({ command: CommandIDs.startDemo, category: trans.__('Twinstore') });
  }
};
