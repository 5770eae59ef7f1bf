import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAppearance, IGroupView, ITwinstoreClient } from '../../tokens';
import { FollowingModel } from '../following_model';
import { WritesTab } from './tab';

/** Adds the Writes tab to the Group view. */
export const writesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:writes',
  description: 'Shows the receipts of a feature group as a timeline.',
  autoStart: true,
  requires: [IGroupView, ITwinstoreClient, IAppearance],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    view: IGroupView,
    client: ITwinstoreClient,
    appearance: IAppearance,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    view.addTab({
      id: 'writes',
      title: trans.__('Writes'),
      rank: 400,
      create: group =>
        new WritesTab(
          new FollowingModel({
            name: `ReceiptsModel#${group.name}`,
            fetch: request => client.receipts(group.name, appearance.rowLimit, request),
            appearance,
            source: group,
            mark: ({ summary: { last_receipt: receipt } }) => `${receipt?.run_id} ${receipt?.at_us}`
          }),
          trans
        )
    });
  }
};
