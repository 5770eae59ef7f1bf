import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { IJob } from '../../contract';
import { IAppearance, IJobsModel, ITwinstoreSidebar } from '../../tokens';
import { twinsIcon } from '../icons';
import { RunsModel } from './model';
import { NotebooksModel } from './notebooks';
import { outcome, RunsSection } from './section';

export namespace CommandIDs {
  export const run = 'twinstore:run-notebook';
}

/** Runs notebooks as jobs and shows them in the sidebar. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:runs',
  description: 'Runs notebooks as jobs, and shows runs and proofs in the sidebar.',
  autoStart: true,
  requires: [IJobsModel, ITwinstoreSidebar, IAppearance],
  optional: [ITranslator, INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobsModel,
    sidebar: ITwinstoreSidebar,
    appearance: IAppearance,
    translator: ITranslator | null,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const notebooks = new NotebooksModel(app.serviceManager.contents);
    const model = new RunsModel(jobs, notebooks);
    sidebar.addSection({ id: 'runs', title: trans.__('Runs'), rank: 400, widget: new RunsSection(model, trans) });
    sidebar.refreshRequested.connect(() => {
      void jobs.refresh();
      void notebooks.refresh();
    });
    void app.restored.then(() => notebooks.refresh());
    jobs.finished.connect((_, job) => {
      if (appearance.notifications && job.verb === 'run') {
        notify(job, trans);
      }
    });

    app.commands.addCommand(CommandIDs.run, {
      label: args => (args['toolbar'] ? '' : trans.__('Run with Twinstore')),
      caption: trans.__(
        'Run this notebook from top to bottom in the background, with progress in the Twinstore sidebar'
      ),
      icon: twinsIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: { path: { type: 'string', description: 'Path of the notebook; default the one in view' } }
        }
      },
      isEnabled: args => typeof args['path'] === 'string' || tracker?.currentWidget !== null,
      execute: async args => {
        const panel = tracker?.currentWidget;
        const path = typeof args['path'] === 'string' ? args['path'] : panel?.context.path;
        if (path === undefined) {
          return;
        }
        if (panel && panel.context.path === path && panel.context.model.dirty) {
          await panel.context.save();
        }
        sidebar.reveal();
        await model.run(path);
      }
    });
    palette?.addItem({ command: CommandIDs.run, category: trans.__('Twinstore') });
  }
};

/** A run's end is an event: it is told once, and stays in the sidebar. */
function notify(job: IJob, trans: TranslationBundle): void {
  const message = trans.__('%1: %2', job.title, outcome(job, trans));
  if (job.state === 'succeeded') {
    Notification.success(message, { autoClose: 5000 });
  } else if (job.state === 'failed') {
    Notification.error(message, { autoClose: 10000 });
  }
}
