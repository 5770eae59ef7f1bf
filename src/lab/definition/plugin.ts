import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IGroupView } from '../../tokens';
import { DefinitionTab } from './tab';

/** Adds the Definition tab to the Group view. */
export const definitionPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:definition',
  description: 'Shows the columns of a feature group.',
  autoStart: true,
  requires: [IGroupView],
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, view: IGroupView, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    view.addTab({
      id: 'definition',
      title: trans.__('Definition'),
      rank: 500,
      create: group => new DefinitionTab(group, trans)
    });
  }
};
