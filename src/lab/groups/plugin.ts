import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  IAppearance,
  IGroupsModel,
  IGroupView,
  IHealthModel,
  IJobsModel,
  ITwinstoreClient,
  ITwinstoreSidebar
} from '../../tokens';
import { addGroupCommands } from './commands';
import { GroupsModel } from './model';
import { GroupsSection } from './section';

/** Provides the feature groups that are known. */
export const groupsModelPlugin: JupyterFrontEndPlugin<IGroupsModel> = {
  id: 'jupyterlab-twinstore:groups-model',
  description: 'Provides the feature groups that are known, with their states.',
  autoStart: true,
  provides: IGroupsModel,
  requires: [ITwinstoreClient, IAppearance, IHealthModel, IJobsModel],
  activate: (
    _app: JupyterFrontEnd,
    client: ITwinstoreClient,
    appearance: IAppearance,
    health: IHealthModel,
    jobs: IJobsModel
  ) => {
    const model = new GroupsModel({ client, appearance, health });
    jobs.finished.connect(() => void model.refresh());
    return model;
  }
};

/** Shows the feature groups in the sidebar. */
export const groupsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:groups',
  description: 'Shows the feature groups in the sidebar, and what can be done with one.',
  autoStart: true,
  requires: [IGroupsModel, IGroupView, IJobsModel, ITwinstoreSidebar],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IGroupsModel,
    view: IGroupView,
    jobs: IJobsModel,
    sidebar: ITwinstoreSidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    sidebar.addSection({
      id: 'groups',
      title: trans.__('Groups'),
      rank: 100,
      widget: new GroupsSection({ model, trans, onOpen: name => view.open(name) })
    });
    sidebar.refreshRequested.connect(() => void model.refresh());
    addGroupCommands({ app, model, view, jobs, trans, palette });
  }
};
