import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IAppearance, IGroupView, ITwinstoreClient } from '../../tokens';
import { FollowingModel } from '../following_model';
import { ParityTab } from './tab';

/** Adds the Parity tab to the Group view. */
export const parityPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:parity',
  description: 'Shows the last proof of a feature group.',
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
      id: 'parity',
      title: trans.__('Parity'),
      rank: 300,
      create: group =>
        new ParityTab(
          new FollowingModel({
            name: `ProofsModel#${group.name}`,
            fetch: request => client.proofs(group.name, 1, request),
            appearance,
            source: group,
            mark: ({ summary: { last_proof: proof, newest_proof_id: newest } }) => `${proof?.id} ${newest}`
          }),
          trans
        )
    });
  }
};
