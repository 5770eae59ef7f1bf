import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAppearance, IGroupView, IHealthModel, IJobsModel, ITwinstoreClient, ITwinstoreSidebar } from '../../tokens';
import { GroupView } from './group_view';
import { GroupModel } from './model';

/** Provides the view of a feature group. */
export const groupViewPlugin: JupyterFrontEndPlugin<IGroupView> = {
  id: 'jupyterlab-twinstore:group-view',
  description: 'Provides the main area view of a feature group, which other plugins join with tabs.',
  autoStart: true,
  provides: IGroupView,
  requires: [ITwinstoreClient, IAppearance, IHealthModel, IJobsModel, ITwinstoreSidebar],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    client: ITwinstoreClient,
    appearance: IAppearance,
    health: IHealthModel,
    jobs: IJobsModel,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ) => {
    const view = new GroupView({
      trans: (translator ?? nullTranslator).load('jupyterlab_twinstore'),
      createModel: name => new GroupModel({ name, client, appearance, health, jobs }),
      show: panel => panel.showIn(app.shell, 'Feature group')
    });
    void restorer?.restore(view.tracker, {
      command: 'twinstore:open-group',
      args: panel => ({ group: panel.group }),
      name: panel => panel.group
    });
    sidebar.refreshRequested.connect(() => view.refresh());
    return view;
  }
};
