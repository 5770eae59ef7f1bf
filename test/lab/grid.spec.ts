import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { Field, Schema } from 'apache-arrow';
import { ArrowGrid, ArrowRows, columnsOf, readRows, rowsOf, sortedOrder, sortRows } from '../../src/lab/grid';
import { palette } from '../../src/lab/grid/style';
import { aBatch, aNestedBatch, ipc, ROWS, SCHEMA } from './arrow_samples';
import { after, attached, the } from './rendering';

const trans = nullTranslator.load('jupyterlab_twinstore');
const COLUMNS = columnsOf(SCHEMA.fields);
const forever = new AbortController().signal;

function sample(): ArrowRows {
  const rows = new ArrowRows(SCHEMA);
  rows.append(aBatch(ROWS.slice(0, 2)));
  rows.append(aBatch(ROWS.slice(2)));
  return rows;
}

function texts(rows: ArrowRows, column: number): (string | null)[] {
  return Array.from({ length: rows.length }, (_, row) => rows.text(row, column));
}

/** Bytes in pieces, then what they return. */
async function* pieces(bytes: Uint8Array, ...cuts: number[]): AsyncGenerator<Uint8Array, string> {
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
  return 'the end';
}

describe('Arrow rows', () => {
  it('are told exactly, across batches, and a null is not the text of it', () => {
    const rows = sample();
    expect(texts(rows, 0)).toEqual(['9007199254740993', '2', '3']);
    expect(texts(rows, 1)).toEqual(['1.10', null, '-0.05']);
    expect(texts(rows, 3)).toEqual(['b', 'null', null]);
  });

  it('are read from a stream in any pieces, and what comes after the stream is returned', async () => {
    const bytes = ipc(aBatch(ROWS), aBatch(ROWS.slice(1)));
    let rows: ArrowRows | null = null;
    const end = await readRows(pieces(bytes, 5, 100, bytes.length - 9), read => (rows = read));
    expect(end).toBe('the end');
    expect(rows!.length).toBe(5);
  });

  it('may be none, of a known schema', async () => {
    let rows: ArrowRows | null = null;
    await readRows(pieces(ipc()), read => (rows = read));
    expect(rows!.length).toBe(0);
    expect(columnsOf(rows!.schema.fields).map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id bigint',
      'price decimal(10,2)',
      'day date',
      'name string',
      'weight double'
    ]);
  });

  it('fail as what brings them fails', async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield ipc(aBatch(ROWS)).subarray(0, 200);
      throw new Error('cut off');
    }
    await expect(readRows(broken(), () => undefined)).rejects.toThrow('cut off');
  });

  it('are there at once when all bytes are', () => {
    expect(rowsOf(ipc(aBatch(ROWS))).length).toBe(3);
  });
});

describe('the order of rows', () => {
  it.each([
    [1, false, [2, 0, 1]],
    [1, true, [0, 2, 1]],
    [4, false, [0, 1, 2]],
    [4, true, [1, 0, 2]],
    [2, true, [0, 1, 2]]
  ])('by column %i, descending %s, has nulls last and equal rows as they came', async (column, descending, order) => {
    expect([...(await sortedOrder(sample(), column, descending, forever))!]).toEqual(order);
  });

  it('is that of the values for many rows', async () => {
    const rows = new ArrowRows(SCHEMA);
    const ids = Array.from({ length: 5000 }, (_, i) => BigInt((i * 7919) % 5000));
    rows.append(aBatch(ids.map(id => ({ id, price: null, name: null, weight: null }))));
    await sortRows(rows, { column: 0, descending: false }, forever);
    expect(texts(rows, 0)).toEqual(ids.map((_, i) => String(i)));
  });

  it.each([
    [1, 'nested values'],
    [2, 'a column that is not there']
  ])('stays that in which they came for column %i, %s', async column => {
    const rows = rowsOf(ipc(aNestedBatch()));
    await sortRows(rows, { column: 0, descending: true }, forever);
    expect(texts(rows, 0)).toEqual(['2', '1']);
    await sortRows(rows, { column, descending: true }, forever);
    expect([rows.sorted, texts(rows, 0)]).toEqual([null, ['1', '2']]);
  });

  it('is given up on demand', async () => {
    const rows = new ArrowRows(SCHEMA);
    rows.append(aBatch(Array.from({ length: 5000 }, () => ROWS[0]!)));
    expect(await sortedOrder(rows, 0, false, AbortSignal.abort())).toBeNull();
  });
});

describe('the colours of the grid', () => {
  afterEach(() => document.body.removeAttribute('style'));

  it('are all of the theme', () => {
    const colours = (...themed: string[]): string[] => {
      ['layout-color1', 'layout-color2', 'border-color2', 'border-color3', 'brand-color1'].forEach((name, i) =>
        document.body.style.setProperty(`--jp-${name}`, themed[i] ?? '')
      );
      return Object.values(palette().grid) as string[];
    };
    const light = colours('#fff', '#eee', '#e0e0e0', '#eee', '#1976d2');
    const highContrast = colours('#111', '#424242', '#e1e1e1', 'white', '#319bf2');
    expect(highContrast).toHaveLength(10);
    highContrast.forEach((colour, i) => expect(colour).not.toBe(light[i]));
  });
});

describe('ArrowGrid', () => {
  let grid: ArrowGrid;

  beforeEach(async () => {
    grid = await attached(new ArrowGrid({ trans, label: 'Rows of events', actions: () => [] }));
  });

  afterEach(() => {
    Widget.detach(grid);
    grid.dispose();
  });

  it('tells name, type and marks in two lines of header', () => {
    grid.setRows(sample(), COLUMNS, { column: 'price', descending: true });
    const model = grid.grid.dataModel!;
    expect(model.data('column-header', 0, 1)).toBe('price ↓');
    expect(model.data('column-header', 1, 0)).toBe('bigint · not null');
    expect(model.rowCount('body')).toBe(3);
  });

  it('grows with its rows: by the first at once, by the next together', async () => {
    const rows = new ArrowRows(SCHEMA);
    grid.setRows(rows, COLUMNS, null);
    let changes = 0;
    grid.grid.dataModel!.changed.connect(() => changes++);
    rows.append(aBatch(ROWS));
    expect(grid.grid.rowCount('body')).toBe(3);
    rows.append(aBatch(ROWS));
    rows.append(aBatch(ROWS));
    await new Promise(resolve => setTimeout(resolve, 400));
    expect([grid.grid.rowCount('body'), changes]).toEqual([9, 2]);
  });

  it('has room for the greatest number of a row', async () => {
    const rows = sample();
    grid.setRows(rows, COLUMNS, null);
    await after(() => undefined);
    const few = grid.grid.columnSize('row-header', 0);
    Object.defineProperty(rows, 'length', { value: 1_000_000 });
    rows.append(aBatch(ROWS));
    await after(() => undefined);
    expect(few).toBe(56);
    // Characters and what is left free beside them.
    expect(grid.grid.columnSize('row-header', 0)).toBeGreaterThan(7 * 7.8 + 14);
  });

  it('tells the chosen value in full', () => {
    grid.setRows(sample(), COLUMNS, null);
    grid.grid.viewport.node.dispatchEvent(new FocusEvent('focus'));
    expect(the(grid.node, '.twinstore-Grid-value').textContent).toBe('id, row 1: 9007199254740993');
  });

  it('keeps the cursor where it is when the rows are sorted, and tells the value that is there then', async () => {
    const rows = sample();
    grid.setRows(rows, COLUMNS, { column: 'name', descending: false });
    const at = { r1: 0, c1: 1, r2: 0, c2: 1, cursorRow: 0, cursorColumn: 1 };
    grid.grid.selectionModel?.select({ ...at, clear: 'all' });
    const header = (column: number): unknown => grid.grid.dataModel!.data('column-header', 0, column);
    expect([header(1), header(3)]).toEqual(['price', 'name ↑']);
    await sortRows(rows, { column: 1, descending: false }, forever);
    expect([header(1), header(3)]).toEqual(['price ↑', 'name']);
    expect(the(grid.node, '.twinstore-Grid-value').textContent).toBe('price, row 1: -0.05');
    expect(grid.grid.selectionModel?.cursorColumn).toBe(1);
  });

  it('sorts by one of two columns of the same name, and draws both', async () => {
    const [id, price, ...others] = SCHEMA.fields;
    const twice = new Schema([id!, price!, others[0]!, new Field('price', others[1]!.type), others[2]!]);
    const rows = new ArrowRows(twice);
    rows.append(aBatch(ROWS));
    grid.setRows(rows, columnsOf(twice.fields), null);
    await sortRows(rows, { column: 3, descending: true }, forever);
    expect(texts(rows, 3)).toEqual(['null', 'b', null]);
    const header = [1, 3].map(column => grid.grid.dataModel!.data('column-header', 0, column));
    expect(header).toEqual(['price', 'price ↓']);
    const warn = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    grid.isPlain = true;
    await after(() => undefined);
    expect(the(grid.node, 'tbody tr:first-child').textContent).toBe('2null2014-02-27nullNaN');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('keeps cursor and widths as they are when other rows of the same columns come', async () => {
    grid.setRows(sample(), COLUMNS, null);
    const at = { r1: 0, c1: 1, r2: 0, c2: 1, cursorRow: 0, cursorColumn: 1 };
    grid.grid.selectionModel?.select({ ...at, clear: 'all' });
    await after(() => undefined);
    const width = grid.grid.columnSize('body', 0);
    expect(width).not.toBe(120);
    grid.setRows(sample(), COLUMNS, null);
    expect(grid.grid.selectionModel?.cursorColumn).toBe(1);
    await after(() => undefined);
    expect(grid.grid.columnSize('body', 0)).toBe(width);
    expect(the(grid.node, '.twinstore-Grid-value').textContent).toBe('price, row 1: 1.10');
  });

  it('copies the chosen cells by Ctrl-C, exact, nulls empty', () => {
    const copied: string[] = [];
    document.execCommand = () => {
      const clipboardData = { setData: (_: string, text: string) => copied.push(text) };
      return document.body.dispatchEvent(Object.assign(new Event('copy'), { clipboardData }));
    };
    grid.setRows(sample(), COLUMNS, null);
    const at = { r1: 0, c1: 0, r2: 1, c2: 1, cursorRow: 0, cursorColumn: 0 };
    grid.grid.selectionModel?.select({ ...at, clear: 'all' });
    const keys = { key: 'c', keyCode: 67, ctrlKey: true, bubbles: true };
    grid.grid.viewport.node.dispatchEvent(new KeyboardEvent('keydown', keys));
    expect(copied).toEqual(['9007199254740993\t1.10\n2\t']);
  });

  it('draws of a long text its start, and tells and copies all of it', () => {
    const name = 'long '.repeat(1000);
    const rows = new ArrowRows(SCHEMA);
    rows.append(aBatch([{ ...ROWS[0]!, name }]));
    grid.setRows(rows, COLUMNS, null);
    expect(grid.grid.dataModel!.data('body', 0, 3)).toBe(`${name.slice(0, 300)}…`);
    grid.grid.selectionModel?.select({ r1: 0, c1: 3, r2: 0, c2: 3, cursorRow: 0, cursorColumn: 3, clear: 'all' });
    expect(the(grid.node, '.twinstore-Grid-value').textContent).toBe(`name, row 1: ${name}`);
    expect(grid.grid.copyConfig.format({ region: 'body', row: 0, column: 3, value: '', metadata: {} })).toBe(name);
  });

  it('is one stop of the Tab key, and lets it pass', () => {
    grid.setRows(sample(), COLUMNS, null);
    expect(grid.grid.viewport.node.tabIndex).toBe(0);
    const tab = new KeyboardEvent('keydown', { key: 'Tab', bubbles: true, cancelable: true });
    grid.grid.viewport.node.dispatchEvent(tab);
    expect(tab.defaultPrevented).toBe(false);
  });

  it('shows the first 200 rows as a table of the page', async () => {
    const rows = sample();
    rows.append(aBatch(Array.from({ length: 300 }, () => ROWS[0]!)));
    grid.setRows(rows, COLUMNS, null);
    expect(grid.node.querySelector('table')).toBeNull();
    await after(() => (grid.isPlain = true));
    expect(the(grid.node, 'caption').textContent).toBe('The first 200 of 303 rows');
    expect(grid.node.querySelectorAll('tbody tr')).toHaveLength(200);
    expect([...grid.node.querySelectorAll('tbody tr:nth-child(2) td')].map(cell => cell.textContent)).toEqual([
      '2',
      'null',
      '2014-02-27',
      'null',
      'NaN'
    ]);
    expect(grid.node.querySelectorAll('tbody tr:nth-child(2) em')).toHaveLength(1);
    expect([...grid.node.querySelectorAll('tbody tr:nth-child(2) td')].map(cell => cell.className)).toEqual([
      'twinstore-mod-number',
      'twinstore-mod-number',
      '',
      'twinstore-mod-text',
      'twinstore-mod-number'
    ]);
  });
});
