import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import * as grid from '../../src/lab/grid';
import { GroupRowsTab } from '../../src/lab/table/group_rows';
import type { RowsModel } from '../../src/lab/table/rows_model';
import { TablePanel } from '../../src/lab/table/view';
import { encodeJsonFrame } from '../../src/contract';
import type { IPreviewRequest, ITableAnswer } from '../../src/contract';
import { aBatch, aNestedBatch, framesOf, ROWS } from './arrow_samples';
import { FakeServer, json, settled, stream } from './fake_server';
import { after, attached, the } from './rendering';
import { anAnswer, aPreviewEnd, aProblem, aReceipt, aTable, NOW_US, quietAppearance, SetHealth } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');

describe('the view of a table', () => {
  let server: FakeServer;
  let panel: TablePanel;
  let health: SetHealth;
  let table: ITableAnswer;

  beforeEach(() => {
    table = aTable({
      columns: ['id', 'price', 'day', 'name', 'weight'].map(name => ({
        name,
        type: name === 'id' ? 'bigint' : 'string',
        nullable: true,
        partition: false,
        comment: null
      }))
    });
    health = new SetHealth();
    server = new FakeServer()
      .on('POST api/tables/get', ({ body }) => json({ ...table, ...(body as Partial<ITableAnswer>) }))
      .on('POST api/preview', () => stream(framesOf(aPreviewEnd(), aBatch(ROWS))))
      .on('POST api/tables/history', () =>
        json({
          commits: [3, 2].map(version => ({
            version,
            committed_us: NOW_US,
            operation: 'WRITE',
            parameters: { mode: 'Append' },
            metrics: { numFiles: '1' },
            engine: 'Spark',
            files_added: 1,
            files_removed: 0,
            run_id: version === 3 ? 'r1' : null
          })),
          watermark: 2,
          receipts: [aReceipt()]
        })
      );
  });

  afterEach(() => {
    Widget.detach(panel);
    panel.dispose();
  });

  async function opened(): Promise<HTMLElement> {
    panel = new TablePanel({
      location: 's3a://raw/events',
      client: server.client,
      appearance: quietAppearance(),
      health: health.asModel,
      trans,
      grid: async () => grid,
      onOpenGroup: () => undefined,
      onInsertCode: () => undefined
    });
    await attached(panel);
    await after(() => undefined);
    return panel.node;
  }

  /** The body of the last preview that was asked for. */
  function asked(): IPreviewRequest {
    return server.requests('POST api/preview').at(-1)?.body as IPreviewRequest;
  }

  /** What the Rows tab draws. */
  function rowsModel(): RowsModel {
    return (panel.widgets[2] as unknown as { _options: { model: RowsModel } })._options.model;
  }

  function type(input: HTMLInputElement, text: string): Promise<void> {
    return after(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
  }

  const status = (root: HTMLElement): string => the(root, '.twinstore-RowsStatus').textContent ?? '';

  it('reads the rows of the version that it tells, and says what they are', async () => {
    const root = await opened();
    expect(asked()).toEqual({ location: 's3a://raw/events', version: 3, limit: 100 });
    expect(status(root)).toContain('All 3 rows. Version 3 · 2 of 2 files, 2.0\u00a0kB in 4 requests');
    expect(the(root, '.twinstore-ViewHeader-facts').textContent).toBe('3 rows · 2 files · 2.0\u00a0kB · 5 columns');
    expect(root.querySelectorAll('.lm-DataGrid')).toHaveLength(1);
  });

  it('says in one line which of many rows are shown, and shows the first of them on demand', async () => {
    const end = aPreviewEnd({ total: 921_500, complete: false, what: 'rows 436,500 to 436,502 of part-0.parquet' });
    server.on('POST api/preview', () => stream(framesOf(end, aBatch(ROWS))));
    const root = await opened();
    const line = (): string => the(root, '.twinstore-RowsStatus-what strong').textContent ?? '';
    expect(line()).toBe('3 of 921,500 rows: those that are quickest to read.');
    expect(asked().window).toBeUndefined();
    await after(() => the(root, 'button', 'Show the first rows').click());
    expect(asked().window).toBe('first');
    expect(line()).toBe('The first 3 of 921,500 rows.');
    expect(root.textContent).not.toContain('Show the first rows');
    await after(() => rowsModel().ask({ where: 'id > 1' }));
    expect(asked().window).toBeUndefined();
    expect(line()).toBe('3 rows that satisfy it; there may be more.');
    await after(() => rowsModel().ask({ where: '', order: { column: 'id', descending: true } }));
    expect(line()).toBe('3 of 921,500 rows.');
  });

  it('looks again as soon as settings have come', async () => {
    health.phase = 'unconfigured';
    const none = aProblem('No settings: twinstore.toml does not exist.', 'Start the demo stack.');
    server.on('POST api/tables/get', () => json(none, 404));
    const root = await opened();
    expect(the(root, '.twinstore-ViewHeader').textContent).toContain(none.message);
    server.on('POST api/tables/get', () => json(table));
    await after(() => health.set('ready'));
    expect(root.textContent).not.toContain(none.message);
    expect(status(root)).toContain('All 3 rows.');
  });

  it('reads again when the version is another one', async () => {
    const root = await opened();
    const slider = root.querySelector<HTMLInputElement>('input[type=range]')!;
    await type(slider, '1');
    expect(server.requests('POST api/preview')).toHaveLength(1);
    await after(() => slider.dispatchEvent(new KeyboardEvent('keyup', { key: 'ArrowLeft', bubbles: true })));
    expect(asked().version).toBe(1);
    await after(() => the(root, 'button', 'Back to the newest').click());
    expect(asked().version).toBe(3);
  });

  it('counts keys that come faster than answers', async () => {
    const root = await opened();
    server.on('POST api/tables/get', () => new Promise(() => undefined));
    const slider = root.querySelector<HTMLInputElement>('input[type=range]')!;
    for (const wanted of ['2', '1']) {
      expect(Number(slider.value)).toBe(Number(wanted) + 1);
      await type(slider, wanted);
      await after(() => slider.dispatchEvent(new KeyboardEvent('keyup', { key: 'ArrowLeft', bubbles: true })));
    }
    expect(slider.value).toBe('1');
    expect(server.requests('POST api/tables/get').at(-1)?.body).toMatchObject({ version: 1 });
  });

  it('goes on offering versions where the one that is asked for is not there', async () => {
    const root = await opened();
    server.on('POST api/tables/get', () => json(aProblem('There is no version as old.', 'Ask for a later time.'), 404));
    await type(root.querySelector<HTMLInputElement>('input[type=datetime-local]')!, '2020-01-01T00:00:07');
    await after(() => the(root, 'button', 'Go').click());
    expect(the(root, '.twinstore-ViewHeader').textContent).toContain('There is no version as old.');
    expect(root.querySelector<HTMLInputElement>('input[type=datetime-local]')!.value).toMatch('2020-01-01T00:00:07');
    server.on('POST api/tables/get', () => json(table));
    await after(() => the(root, 'button', 'Back to the newest').click());
    expect(root.textContent).not.toContain('There is no version as old.');
  });

  it('shows that it reads again while the table does not answer', async () => {
    const root = await opened();
    server.on('POST api/tables/get', () => new Promise(() => undefined));
    server.on('POST api/preview', () => new Promise(() => undefined));
    await after(() => the(root, 'button', 'Read again').click());
    expect(status(root)).toContain('Reading rows …');
    await after(() => the(root, '.twinstore-RowsStatus button', 'Stop').click());
    expect(status(root)).toContain('Stopped before any row arrived.');
  });

  it('reads the rows of a newer version when it reads again', async () => {
    const root = await opened();
    table = { ...table, version: 4, head: 4 };
    await after(() => the(root, 'button', 'Read again').click());
    expect(asked().version).toBe(4);
    expect(status(root)).not.toContain('these rows are of version');
  });

  it('means all of the second that is typed, for times are shown to the second', async () => {
    const root = await opened();
    await type(root.querySelector<HTMLInputElement>('input[type=datetime-local]')!, '2026-03-01T10:31:07');
    await after(() => the(root, 'button', 'Go').click());
    const at = server.requests('POST api/tables/get').at(-1)?.body;
    expect(at).toEqual({ location: 's3a://raw/events', at_us: Date.UTC(2026, 2, 1, 10, 31, 7, 999) * 1000 });
  });

  it.each([
    ['id', { id: 't9' }],
    ['time', { committed_us: NOW_US + 1e6 }]
  ])('reads all of a table anew that has the same version and another %s', async (_, change) => {
    const end = { version: 3, rows: 0, total: 0, columns: [], bytes: 10, requests: 1, took_ms: 5 };
    server
      .on('POST api/tables/files', () => json({ files: [], total: 0, bytes: 0 }))
      .on('POST api/statistics', () => stream([encodeJsonFrame('end', end)]));
    await opened();
    for (const tab of ['history', 'files', 'statistics']) {
      await after(() => panel.showTab(tab));
    }
    const read = (): number[] =>
      ['preview', 'tables/history', 'tables/files', 'statistics'].map(
        path => server.requests(`POST api/${path}`).length
      );
    await after(() => panel.refresh());
    expect(read()).toEqual([1, 1, 1, 1]);
    table = { ...table, ...change };
    await after(() => panel.refresh());
    expect(read()).toEqual([2, 2, 2, 2]);
  });

  it('calls statistics old that are of a table which was made anew', async () => {
    const end = { version: 3, rows: 0, total: 0, columns: [], bytes: 10, requests: 1, took_ms: 5 };
    server.on('POST api/statistics', () => stream([encodeJsonFrame('end', end)]));
    const root = await opened();
    await after(() => panel.showTab('statistics'));
    table = { ...table, id: 't9', bytes: 5e9 };
    await after(() => panel.refresh());
    expect(the(root, '[aria-label=Statistics] .twinstore-mod-stale').textContent).toContain('0 rows at version 3');
    expect(the(root, '[aria-label=Statistics] button').textContent).toBe('Read statistics');
  });

  it('keeps the rows of a version while a newer one comes', async () => {
    const root = await opened();
    table = { ...table, version: 4, head: 4, committed_us: NOW_US + 1e6 };
    await after(() => panel.refresh());
    expect(server.requests('POST api/preview')).toHaveLength(1);
    expect(status(root)).toContain('Version 4 is looked at; these rows are of version 3.');
  });

  it('calls columns what they are in the rows that have arrived', async () => {
    const partition = { name: 'day', type: 'int', nullable: true, partition: true, comment: null };
    table = aTable({ columns: [...table.columns.slice(3), partition] });
    await opened();
    const columns = rowsModel().shown?.columns.map(({ name, type, isPartition }) => [name, type, isPartition]);
    expect(columns).toEqual([
      ['id', 'bigint', false],
      ['price', 'decimal(10,2)', false],
      ['day', 'date', true],
      ['name', 'string', false],
      ['weight', 'double', false]
    ]);
  });

  it('tells below the condition what is wrong with it, and keeps the rows that were there', async () => {
    const root = await opened();
    const error = aProblem('The condition makes no sense at "x".', 'Write it as c > 1.', { code: 'bad_request' });
    server.on('POST api/preview', () => json({ ...error, side: 'request' }, 400));
    const input = root.querySelector<HTMLInputElement>('.twinstore-Filter input')!;
    await type(input, 'x');
    await after(() => the(root, 'button', 'Filter').click());
    expect(asked().where).toBe('x');
    expect(the(root, '[role=alert]').textContent).toContain(error.message);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(the(root, '.twinstore-Grid').classList).toContain('twinstore-mod-stale');
    expect(status(root)).toContain('Shown are 3 rows that were read before, without a condition.');
  });

  it('names the condition of the rows that are shown still while another one is asked for', async () => {
    const root = await opened();
    await after(() => rowsModel().ask({ where: 'id > 1' }));
    server.on('POST api/preview', () => new Promise(() => undefined));
    await after(() => void rowsModel().ask({ where: 'id > 2' }));
    await after(() => the(root, '.twinstore-RowsStatus button', 'Stop').click());
    expect(status(root)).toContain('Shown are 3 rows that were read before, by id > 1.Stopped before any row arrived.');
  });

  it('says that rows are only those that had arrived when their reading failed', async () => {
    const pieces = framesOf(aPreviewEnd(), aBatch(ROWS)).slice(0, -1);
    const error = aProblem('part-1.parquet is not a sound Parquet file.', 'Restore it.');
    server.on('POST api/preview', () => stream([...pieces, encodeJsonFrame('end', { error })]));
    const root = await opened();
    expect(status(root)).toContain('not a sound Parquet file');
    expect(status(root)).toContain('Shown are the 3 rows that had arrived. Try again');
    expect(status(root)).not.toContain('As of');
  });

  it('does not blame a condition for something else that is refused', async () => {
    const root = await opened();
    await after(() => rowsModel().ask({ where: 'id > 1' }));
    const error = aProblem('The column tags is nested and has no order.', 'Order by another.', { code: 'bad_request' });
    server.on('POST api/preview', () => json({ ...error, side: 'request' }, 400));
    await after(() => rowsModel().ask({ order: { column: 'tags', descending: false } }));
    expect(status(root)).toContain(error.message);
    expect(root.querySelector('.twinstore-Filter [role=alert]')).toBeNull();
    await after(() => the(root, '.twinstore-RowsStatus button', 'As they come').click());
    expect(asked().order).toBeUndefined();
  });

  it('stops on demand and says so', async () => {
    server.on('POST api/preview', () => new Promise(() => undefined));
    const root = await opened();
    await after(() => the(root, '.twinstore-RowsStatus button', 'Stop').click());
    expect(status(root)).toContain('Stopped before any row arrived. Read again');
  });

  it('says what an empty table is', async () => {
    const end = aPreviewEnd({ rows: 0, total: 0, what: 'no rows' });
    server.on('POST api/preview', () => stream(framesOf(end)));
    expect(status(await opened())).toContain('The table has no rows at this version');
  });

  it('tells why rows cannot be read, and shows the schema all the same', async () => {
    table = aTable({ refusal: aProblem('It needs the reader feature "timeMachine".', 'Read it with Spark.') });
    const root = await opened();
    expect(status(root)).toContain('timeMachine');
    expect(server.requests('POST api/preview')).toHaveLength(0);
    await after(() => panel.showTab('schema'));
    expect(the(root, '[role=tabpanel][aria-label=Schema]').textContent).toContain('decimal(10,2)');
  });

  it('tells that files of a version are gone, and offers to try again', async () => {
    const error = aProblem('part-1.parquet is gone.', 'Choose a version that VACUUM has spared.');
    server.on('POST api/preview', () => stream([encodeJsonFrame('end', { error })]));
    const root = await opened();
    expect(status(root)).toContain('Choose a version that VACUUM has spared.');
    server.on('POST api/preview', () => stream(framesOf(aPreviewEnd(), aBatch(ROWS))));
    await after(() => the(root, '.twinstore-RowsStatus button', 'Try again').click());
    expect(status(root)).toContain('All 3 rows');
  });

  it('keeps old rows, greyed and with their age, when the store is down', async () => {
    const root = await opened();
    server.on('POST api/preview', () => json(aProblem('S3 did not answer.', 'Start it.'), 502));
    await after(() => the(root, 'button', 'Read again').click());
    expect(status(root)).toContain('S3 did not answer.');
    expect(status(root)).toContain('As of just now');
    const announced = [...root.querySelectorAll('.twinstore-RowsStatus [role=status]')].map(node => node.textContent);
    expect(announced.join()).toContain('S3 did not answer.');
    expect(announced.join()).not.toContain('As of');
    expect(the(root, '.twinstore-Grid').classList).toContain('twinstore-mod-stale');
  });

  it('shows the history when it is looked at, with runs and watermark, and leads to a version', async () => {
    const root = await opened();
    expect(server.requests('POST api/tables/history')).toHaveLength(0);
    await after(() => panel.showTab('history'));
    const commits = [...root.querySelectorAll('.twinstore-Timeline-entry')].map(node => node.textContent);
    expect(commits[0]).toContain('Run r1: 126,000 rows added to history');
    expect(commits[1]).toContain('online up to here');
    await after(() => the(root, '.twinstore-Commit', 'Version 2').click());
    expect(asked().version).toBe(2);
    expect(the(root, '.twinstore-Commit', 'Version 2').getAttribute('aria-current')).toBe('true');
  });

  it('shows each file with size, rows and deleted rows', async () => {
    server.on('POST api/tables/files', () =>
      json({
        files: [
          { path: 'a b.parquet', bytes: 1500, rows: null, deleted: 7, partition: { day: null }, modified_us: NOW_US }
        ],
        total: 3,
        bytes: 4000
      })
    );
    const root = await opened();
    await after(() => panel.showTab('files'));
    expect(the(root, '.twinstore-Files caption').textContent).toBe('The largest 1 of 3 files, 4.0\u00a0kB in all');
    expect(the(root, '.twinstore-Files tbody tr').textContent).toContain('a b.parquet1.5\u00a0kBunknown7null');
  });

  it('shows statistics with their figures beside the bars', async () => {
    const column = {
      column: 'weight',
      type: 'double',
      nulls: 1,
      min: '1.5',
      max: '3.5',
      histogram: { edges: [1.5, 2.5, 3.5], counts: [3, 1] },
      frequent: null,
      mean: 2.25
    };
    const odd = { ...column, column: 'odd', max: 'NaN' };
    const end = { version: 3, rows: 5, total: 5, columns: [column, odd], bytes: 10, requests: 1, took_ms: 5 };
    server.on('POST api/statistics', () => stream([encodeJsonFrame('end', end)]));
    const root = await opened();
    await after(() => panel.showTab('statistics'));
    const section = the(root, 'section', 'weight');
    expect(section.textContent).toContain('nulls1 (20 %)');
    expect(section.textContent).toContain('mean2.25');
    expect(the(root, 'section', 'odd').textContent).toContain('mean of finite values2.25');
    expect(section.querySelectorAll('svg rect')).toHaveLength(2);
    expect([...section.querySelectorAll('tbody tr')].map(row => row.textContent)).toEqual(['1.5 – 2.53', '2.5 – 3.51']);
  });

  it('tells times that are farther than JavaScript counts', async () => {
    const far = Number.MAX_SAFE_INTEGER * 1000;
    const of = (type: string, edges: number[]): object => ({
      ...{ column: type, type, nulls: 0, min: null, max: null, frequent: null, mean: null },
      histogram: { edges, counts: [1] }
    });
    const columns = [of('date', [2932897.5, 2147483647]), of('timestamp', [253402300800e6, 9223372036854775807])];
    const end = { version: 3, rows: 2, total: 2, columns, bytes: 10, requests: 1, took_ms: 5 };
    server
      .on('POST api/statistics', () => stream([encodeJsonFrame('end', end)]))
      .on('POST api/tables/files', () =>
        json({
          files: [{ path: 'a.parquet', bytes: 1, rows: 1, deleted: 0, partition: {}, modified_us: far }],
          total: 1,
          bytes: 1
        })
      );
    const root = await opened();
    await after(() => panel.showTab('statistics'));
    expect([...root.querySelectorAll('.twinstore-Statistics tbody th')].map(bin => bin.textContent)).toEqual([
      '+10000-01-01 – +5881580-07-11',
      '+10000-01-01 00:00:00 UTC – +294247-01-10 04:00:54 UTC'
    ]);
    await after(() => panel.showTab('files'));
    expect(the(root, '.twinstore-Files time').title).toBe('+287396-10-12 08:59:00 UTC');
  });

  it('asks before it reads all of a large table', async () => {
    table = { ...table, bytes: 5e9 };
    const root = await opened();
    await after(() => panel.showTab('statistics'));
    expect(server.requests('POST api/statistics')).toHaveLength(0);
    expect(the(root, '[aria-label=Statistics]').textContent).toContain('5.0\u00a0GB');
  });

  it('sorts the rows that are there without reading them again, and the table by reading it', async () => {
    const root = await opened();
    const model = rowsModel();
    await after(() => model.sort({ column: 'id', descending: true }));
    expect(server.requests('POST api/preview')).toHaveLength(1);
    expect(model.shown?.rows.text(2, 0)).toBe('2');
    expect(status(root)).toContain('These rows by id, descending.');
    await after(() => model.ask({ order: { column: 'id', descending: false }, sort: null }));
    expect(asked().order).toEqual({ column: 'id', descending: false });
    expect(status(root)).not.toContain('These rows by');
  });

  it('sorts the first rows of the table as they are', async () => {
    const root = await opened();
    const model = rowsModel();
    await after(() => model.ask({ order: { column: 'id', descending: true } }));
    await after(() => model.sort({ column: 'price', descending: false }));
    expect(model.shown?.rows.text(0, 1)).toBe('-0.05');
    const first = 'The first rows of the whole table by id, descending.';
    expect(status(root)).toContain(`${first} These rows by price, ascending.`);
    await after(() => the(root, '.twinstore-RowsStatus button', 'As they come').click());
    expect(model.shown?.rows.text(0, 1)).toBe('1.10');
    expect([status(root).includes(first), status(root).includes('These rows by')]).toEqual([true, false]);
    expect(server.requests('POST api/preview')).toHaveLength(2);
    await after(() => the(root, '.twinstore-RowsStatus button', 'As they come').click());
    expect(asked().order).toBeUndefined();
  });

  it('sorts the rows of every reading, also of one that is stopped', async () => {
    const root = await opened();
    const model = rowsModel();
    await after(() => model.sort({ column: 'price', descending: false }));
    const pieces = framesOf(aPreviewEnd(), aBatch(ROWS)).slice(0, -1);
    server.on('POST api/preview', ({ signal }) => stream(pieces, signal));
    await after(() => void model.ask({ where: 'id > 1' }));
    expect([model.phase, model.isCurrent]).toEqual(['reading', true]);
    await after(() => model.sort({ column: 'weight', descending: true }));
    expect(status(root)).not.toContain('These rows by');
    await after(() => model.stop());
    expect(status(root)).toContain('Stopped: the 3 rows that had arrived.');
    expect(status(root)).toContain('These rows by weight, descending.');
    expect(model.shown?.rows.text(0, 4)).toBe('NaN');
  });

  it('reads on from where it was stopped, without what is there', async () => {
    server.on('POST api/preview', ({ signal }) => stream(framesOf(aPreviewEnd(), aBatch(ROWS)).slice(0, -1), signal));
    const root = await opened();
    const model = rowsModel();
    await after(() => model.stop());
    const { rows } = model.shown!;
    server.on('POST api/preview', () => stream(framesOf(aPreviewEnd({ rows: 5 }), aBatch(ROWS.slice(1)))));
    await after(() => the(root, '.twinstore-RowsStatus button', 'Read on').click());
    expect(asked()).toMatchObject({ skip: 3, table_id: aTable().id });
    expect([model.shown?.rows === rows, rows.length, rows.text(4, 0)]).toEqual([true, 5, '3']);
    expect(status(root)).toContain('All 5 rows.');
    await after(() => model.read());
    expect(asked().skip).toBeUndefined();
    expect(model.shown?.rows.length).toBe(2);
  });

  it('says no order that the rows do not have', async () => {
    const root = await opened();
    const model = rowsModel();
    await after(() => model.sort({ column: 'price', descending: false }));
    server.on('POST api/preview', () => stream(framesOf(aPreviewEnd(), aNestedBatch())));
    await after(() => model.ask({ columns: ['id', 'tags'] }));
    expect(model.shown?.columns.map(({ name }) => name)).toEqual(['id', 'tags']);
    expect(status(root)).not.toContain('These rows by');
  });

  it('closes the list of columns on Escape', async () => {
    const root = await opened();
    const picker = root.querySelector<HTMLDetailsElement>('.twinstore-ColumnPicker')!;
    picker.open = true;
    await after(() => {
      const key = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true });
      picker.querySelector('input')!.dispatchEvent(key);
    });
    expect([picker.open, document.activeElement]).toEqual([false, picker.querySelector('summary')]);
  });

  it('offers no order by nested values', async () => {
    server.on('POST api/preview', () => stream(framesOf(aPreviewEnd(), aNestedBatch())));
    const root = await opened();
    const viewport = the(root, '[role=application]');
    const keys = async (...pressed: [string, number][]): Promise<void> => {
      for (const [key, keyCode] of pressed) {
        await after(() => viewport.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode, bubbles: true })));
      }
    };
    viewport.dispatchEvent(new FocusEvent('focus'));
    await keys(['ArrowRight', 39], ['Enter', 13]);
    expect(the(root, '.twinstore-Grid-value').textContent).toBe('tags, row 1: ["b"]');
    expect(document.querySelectorAll('.lm-Menu-item')).toHaveLength(0);
    await keys(['ArrowLeft', 37], ['Enter', 13]);
    expect(document.querySelectorAll('.lm-Menu-item')).toHaveLength(4);
  });

  it('is not read while it is hidden, and at once when it is seen again', async () => {
    await opened();
    const read = (): number => server.requests('POST api/tables/get').length;
    await after(() => panel.hide());
    await after(() => panel.refresh());
    expect(read()).toBe(1);
    await after(() => panel.show());
    expect(read()).toBe(2);
  });

  it('comes to the front of the main area, and is added to it only once', async () => {
    await opened();
    Widget.detach(panel);
    const calls: unknown[] = [];
    const shell = {
      add: (widget: Widget, area: string, { type: what }: { type: string }) => {
        calls.push([area, what]);
        Widget.attach(widget, document.body);
      },
      activateById: (id: string) => calls.push(id)
    };
    panel.showIn(shell as never, 'Delta table');
    panel.showIn(shell as never, 'Delta table');
    expect(calls).toEqual([['main', 'Delta table'], panel.id, panel.id]);
  });
});

describe('the rows of a group', () => {
  it('are not read before their tab is looked at', async () => {
    const server = new FakeServer()
      .on('POST api/tables/get', () => json(aTable()))
      .on('POST api/preview', () => stream(framesOf(aPreviewEnd(), aBatch(ROWS))));
    const group = { name: 'energy', data: anAnswer(), stateChanged: new Signal<never, void>({} as never) };
    const tab = new GroupRowsTab({
      group,
      client: server.client,
      appearance: quietAppearance(),
      health: new SetHealth().asModel,
      grid: async () => grid,
      trans
    });
    tab.hide();
    await attached(tab);
    await settled();
    expect(server.seen).toEqual([]);
    await after(() => tab.show());
    expect(server.seen.map(({ path }) => path)).toEqual(['api/tables/get', 'api/preview']);
    tab.dispose();
  });
});
