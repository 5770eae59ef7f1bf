import { CellRenderer, DataGrid, DataModel, RendererMap } from '@lumino/datagrid';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { DirectGrid } from '../../src/lab/grid/direct_grid';
import { fitted } from '../../src/lab/grid/fitted_text';
import { after, attached } from './rendering';

const [WIDTH, HEIGHT] = [300, 120];

/** Each value tells its place. */
class Places extends DataModel {
  rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? 1_000_000 : 2;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'body' ? 10 : 1;
  }

  data(region: DataModel.CellRegion, row: number, column: number): string {
    return `${region} ${row}:${column}`;
  }
}

/** Keeps what it is asked to paint. */
class Recorder extends CellRenderer {
  paint(_: unknown, { value, x, y, width, height }: CellRenderer.CellConfig): void {
    this._painted.add([value, x, y, width, height].join());
  }

  /** What was painted since this was asked last. */
  take(): string[] {
    const painted = [...this._painted].sort();
    this._painted.clear();
    return painted;
  }

  private readonly _painted = new Set<string>();
}

/** Takes the number of copies from canvas to canvas since it was asked last. */
type TakeCopies = () => number;

async function drawn(Grid: typeof DataGrid): Promise<{ grid: DataGrid; recorder: Recorder; copies: TakeCopies }> {
  const recorder = new Recorder();
  const grid = await attached(
    new Grid({
      defaultSizes: { rowHeight: 20, columnWidth: 90, rowHeaderWidth: 50, columnHeaderHeight: 20 },
      cellRenderers: new RendererMap({}, recorder)
    })
  );
  grid.dataModel = new Places();
  await after(() => MessageLoop.sendMessage(grid.viewport, new Widget.ResizeMessage(WIDTH, HEIGHT)));
  const { drawImage } = grid.viewport.node.querySelector('canvas')!.getContext('2d')!;
  const copies = (): number => jest.mocked(drawImage).mock.calls.splice(0).length;
  return { grid, recorder, copies };
}

describe('DirectGrid', () => {
  const grids: DataGrid[] = [];

  async function both(): Promise<Awaited<ReturnType<typeof drawn>>[]> {
    const pair = [await drawn(DirectGrid), await drawn(DataGrid)];
    grids.push(...pair.map(({ grid }) => grid));
    return pair;
  }

  afterEach(() => {
    for (const grid of grids.splice(0)) {
      Widget.detach(grid);
      grid.dispose();
    }
  });

  it.each<[string, (grid: DataGrid) => void]>([
    ['when it is first shown', () => undefined],
    ['after a step down', grid => grid.scrollBy(0, 33)],
    ['after a step to the right', grid => grid.scrollBy(47, 0)],
    ['after a step both ways', grid => grid.scrollBy(47, 33)],
    ['far away', grid => grid.scrollTo(400, 12_345_678)],
    ['at the end', grid => grid.scrollTo(1e9, 1e9)],
    ['when a column grows', grid => grid.resizeColumn('body', 1, 111)]
  ])('paints the same cells at the same places as Lumino’s grid, %s', async (_, act) => {
    const painted = [];
    for (const { grid, recorder } of await both()) {
      await after(() => act(grid));
      painted.push(recorder.take());
    }
    expect(painted[0]?.length).toBeGreaterThan(10);
    expect(painted[0]).toEqual(painted[1]);
  });

  it('paints what has come into view alone', async () => {
    const { grid, recorder } = await drawn(DirectGrid);
    grids.push(grid);
    recorder.take();
    await after(() => grid.scrollBy(0, 20));
    expect(recorder.take().map(cell => cell.split(',')[0])).toEqual([
      'body 4:0',
      'body 4:1',
      'body 4:2',
      'row-header 4:0'
    ]);
  });

  it('copies a canvas once for a step and never for a page, where Lumino’s grid copies it for each cell', async () => {
    const [direct, lumino] = await both();
    const copied = [];
    for (const { grid, copies } of [direct!, lumino!]) {
      copies();
      await after(() => grid.scrollBy(0, 20));
      copied.push(copies());
      await after(() => grid.scrollBy(0, 5000));
      copied.push(copies());
    }
    expect(copied).toEqual([1, 0, 5, 16]);
  });

  it('paints nothing but the ground without rows to show', async () => {
    const { grid, recorder } = await drawn(DirectGrid);
    grids.push(grid);
    recorder.take();
    await after(() => (grid.dataModel = null));
    expect(recorder.take()).toEqual([]);
  });
});

describe('a text that does not fit', () => {
  /** An i is a third of an m. */
  const measure = (text: string): number => [...text].reduce((sum, c) => sum + (c === 'i' ? 3 : 9), 0);

  it.each([
    ['mmmm', 36, 'mmmm'],
    ['mmmm', 35, 'mm…'],
    ['mmiimm', 36, 'mmii…'],
    ['iiiimmmm', 30, 'iiiim…'],
    ['mmmmiiii', 36, 'mmm…'],
    ['m'.repeat(100_000), 36, 'mmm…'],
    ['m😀mmmm', 26, 'm…'],
    ['mm', 5, 'm…']
  ])('%# is cut where it fits, with an ellipsis', (text, room, expected) => {
    expect(fitted(text, room, measure)).toBe(expected);
  });

  it('is measured a few times, and never as a whole when it is long', () => {
    const measured: string[] = [];
    fitted('any text of words '.repeat(1000), 300, text => {
      measured.push(text);
      return measure(text);
    });
    expect(measured.length).toBeLessThan(8);
    expect(Math.max(...measured.map(({ length }) => length))).toBeLessThan(200);
  });
});
