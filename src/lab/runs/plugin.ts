import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { IAppearance, IJobsModel, ITwinstoreSidebar } from '../../tokens';
import { twinsIcon } from '../icons';
import { RunsModel } from './model';
import { NotebooksModel } from './notebooks';
import { notify } from './notify';
import { RunsSection } from './section';

export namespace CommandIDs {
  export const run = 'twinstore:run-notebook';
}

/** Runs notebooks as jobs and shows them in the sidebar. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:runs',
  description: 'Runs notebooks as jobs, and shows runs and proofs in the sidebar.',
  autoStart: true,
  requires: [IJobsModel, ITwinstoreSidebar, IAppearance],
  optional: [ITranslator, INotebookTracker, ICommandPalette, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobsModel,
    sidebar: ITwinstoreSidebar,
    appearance: IAppearance,
    translator: ITranslator | null,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    const notebooks = new NotebooksModel(app.serviceManager.contents);
    const model = new RunsModel(jobs, notebooks, async path => {
      const context = tracker?.find(panel => panel.context.path === path)?.context;
      if (context?.model.dirty) {
        await context.save();
      }
    });
    const section = new RunsSection(
      model,
      notebook => void app.commands.execute('docmanager:open', { path: notebook }),
      trans
    );
    sidebar.addSection({ id: 'runs', title: trans.__('Runs'), rank: 400, widget: section });
    sidebar.refreshRequested.connect(() => {
      void jobs.refresh();
      void notebooks.refresh();
    });
    tracker?.currentChanged.connect(() => notebooks.setInView(tracker.currentWidget?.context.path ?? null));
    void app.restored.then(() => notebooks.refresh());
    jobs.finished.connect((_, job) => {
      if (job.verb === 'demo') {
        // It brings notebooks along.
        void notebooks.refresh();
      }
      if (appearance.notifications && job.verb === 'run') {
        notify(job, trans);
      }
    });

    /** The notebook named, those selected in the file browser, or the one in view. */
    const pathsOf = ({ path, selected }: ReadonlyPartialJSONObject): string[] => {
      if (typeof path === 'string') {
        return [path];
      }
      if (selected === true) {
        const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
        return items.filter(({ type }) => type === 'notebook').map(item => item.path);
      }
      const panel = tracker?.currentWidget;
      return panel ? [panel.context.path] : [];
    };
    app.commands.addCommand(CommandIDs.run, {
      label: args => (args['toolbar'] ? '' : trans.__('Run with Twinstore')),
      caption: trans.__(
        'Run the notebook from top to bottom in the background, with progress in the Twinstore sidebar'
      ),
      icon: twinsIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: { type: 'string', description: 'Path of the notebook; default the one in view' },
            selected: { type: 'boolean', description: 'Whether to run what is selected in the file browser' }
          }
        }
      },
      isEnabled: args => pathsOf(args).length > 0,
      execute: async args => {
        const paths = pathsOf(args);
        sidebar.reveal();
        for (const path of paths) {
          await model.run(path);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.run, category: trans.__('Twinstore') });
  }
};
