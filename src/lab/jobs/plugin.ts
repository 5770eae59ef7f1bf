import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IAppearance, IHealthModel, IJobsModel, ITwinstoreClient } from '../../tokens';
import { JobsModel } from './model';

/** Provides the jobs of the server extension. */
export const jobsPlugin: JupyterFrontEndPlugin<IJobsModel> = {
  id: 'jupyterlab-twinstore:jobs',
  description: 'Starts, watches and stops jobs of the twinstore server extension.',
  autoStart: true,
  provides: IJobsModel,
  requires: [ITwinstoreClient, IAppearance, IHealthModel],
  activate: (_app: JupyterFrontEnd, client: ITwinstoreClient, appearance: IAppearance, health: IHealthModel) =>
    new JobsModel({ client, appearance, health })
};
