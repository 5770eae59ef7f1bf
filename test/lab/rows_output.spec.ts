import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { outputPlugin } from '../../src/lab/output/plugin';
import type { ArrowGrid, IColumnAction } from '../../src/lab/grid';
import { columnsOf } from '../../src/lab/grid';
import { ROWS_MIME } from '../../src/lab/output/rows_output';
import type { RowsOutput } from '../../src/lab/output/rows_output';
import { aBatch, ipc, ROWS, SCHEMA } from './arrow_samples';
import { after, attached, the } from './rendering';

/** An output as the Python package makes it. */
function output(): Record<string, unknown> {
  const columns = ['id', 'price', 'day', 'name', 'weight'].map(name => ({ name, type: 'string', nullable: true }));
  const arrow = Buffer.from(ipc(aBatch(ROWS))).toString('base64');
  return {
    'text/plain': 'rows',
    'text/html': '<table></table>',
    [ROWS_MIME]: { columns, arrow, rows: 3, complete: false, what: 'The first 3 rows; there are more.' }
  };
}

describe('rows in an output', () => {
  const registry = new RenderMimeRegistry({ initialFactories: standardRendererFactories });
  void outputPlugin.activate({} as never, registry, null);
  const model = registry.createModel({ data: output() as never, trusted: false });

  it('are drawn by the grid rather than as HTML, also where the notebook is not trusted', () => {
    expect(registry.preferredMimeType(model.data, 'ensure')).toBe(ROWS_MIME);
  });

  it('say what they are, and are a table of the page on demand', async () => {
    const renderer = await attached(registry.createRenderer(ROWS_MIME));
    await renderer.renderModel(model);
    await after(() => undefined);
    expect(renderer.node.textContent).toContain('The first 3 rows; there are more.');
    expect(renderer.node.querySelectorAll('.lm-DataGrid')).toHaveLength(1);
    await after(() => the(renderer.node, 'button', 'View as table').click());
    expect(the(renderer.node, 'tbody tr:first-child').textContent).toBe('90071992547409931.102014-02-27b2');
    await renderer.renderModel(model);
    expect(renderer.node.querySelectorAll('.lm-DataGrid')).toHaveLength(1);
    renderer.dispose();
  });

  it('are sorted by the menu of a column, unless its values are nested', async () => {
    const renderer = await attached(registry.createRenderer(ROWS_MIME) as RowsOutput);
    await renderer.renderModel(model);
    const grid = renderer.widgets[1] as ArrowGrid;
    const actions = (change: object): readonly IColumnAction[] =>
      (grid as unknown as { _options: ArrowGrid.IOptions })._options.actions(
        { ...columnsOf(SCHEMA.fields)[1]!, ...change },
        1
      );
    expect(actions({ type: 'array<int>' })).toEqual([]);
    await after(() => actions({})[0]?.run());
    const { dataModel } = grid.grid;
    expect([dataModel?.data('column-header', 0, 1), dataModel?.data('body', 0, 1)]).toEqual(['price ↑', '-0.05']);
    await after(() => actions({})[2]?.run());
    expect([dataModel?.data('column-header', 0, 1), dataModel?.data('body', 0, 1)]).toEqual(['price', '1.10']);
    renderer.dispose();
  });
});
