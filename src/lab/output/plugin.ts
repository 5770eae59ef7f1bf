import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ROWS_MIME, RowsOutput } from './rows_output';

/** Rank below which JupyterLab draws text/html, which stands beside it in every output. */
const RANK = 40;

/** Draws rows in the outputs of notebooks. */
export const outputPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-twinstore:output',
  description: 'Draws the rows of a DataFrame in the output of a cell as a grid.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, registry: IRenderMimeRegistry, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_twinstore');
    // Values are drawn as text on a canvas or as text of the page: nothing in them is ever run.
    registry.addFactory(
      { safe: true, mimeTypes: [ROWS_MIME], createRenderer: () => new RowsOutput(() => import('../grid'), trans) },
      RANK
    );
  }
};
