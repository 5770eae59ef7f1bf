import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import * as grid from '../../src/lab/grid';
import type { RowsModel } from '../../src/lab/table/rows_model';
import { TablePanel } from '../../src/lab/table/view';
import { encodeJsonFrame } from '../../src/contract';
import type { IPreviewRequest, ITableAnswer } from '../../src/contract';
import { aBatch, framesOf, ROWS } from './arrow_samples';
import { FakeServer, json, stream } from './fake_server';
import { after, attached, the } from './rendering';
import { aPreviewEnd, aProblem, aReceipt, aTable, NOW_US, quietAppearance } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');

describe('the view of a table', () => {
  let server: FakeServer;
  let panel: TablePanel;
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

  const status = (root: HTMLElement): string => the(root, '.twinstore-RowsStatus').textContent ?? '';

  it('reads the rows of the version that it tells, and says what they are', async () => {
    const root = await opened();
    expect(asked()).toEqual({ location: 's3a://raw/events', version: 3, limit: 100 });
    expect(status(root)).toContain('All 3 rows. Version 3 · 2 of 2 files, 2.0\u00a0kB in 4 requests');
    expect(the(root, '.twinstore-ViewHeader-facts').textContent).toBe('3 rows · 2 files · 2.0\u00a0kB · 5 columns');
    expect(root.querySelectorAll('.lm-DataGrid')).toHaveLength(1);
  });

  it('reads again when the version is another one', async () => {
    const root = await opened();
    const slider = root.querySelector<HTMLInputElement>('input[type=range]')!;
    await after(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(slider, '1');
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    });
    expect(server.requests('POST api/preview')).toHaveLength(1);
    await after(() => slider.dispatchEvent(new KeyboardEvent('keyup', { key: 'ArrowLeft', bubbles: true })));
    expect(asked().version).toBe(1);
    await after(() => the(root, 'button', 'Back to the newest').click());
    expect(asked().version).toBe(3);
  });

  it('tells below the condition what is wrong with it, and keeps the rows that were there', async () => {
    const root = await opened();
    const error = aProblem('The condition makes no sense at "x".', 'Write it as c > 1.', { code: 'bad_request' });
    server.on('POST api/preview', () => json({ ...error, side: 'request' }, 400));
    const input = root.querySelector<HTMLInputElement>('.twinstore-Filter input')!;
    await after(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, 'x');
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await after(() => the(root, 'button', 'Filter').click());
    expect(asked().where).toBe('x');
    expect(the(root, '[role=alert]').textContent).toContain(error.message);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(the(root, '.twinstore-Grid').classList).toContain('twinstore-mod-stale');
  });

  it('stops on demand and says so', async () => {
    server.on('POST api/preview', () => new Promise(() => undefined));
    const root = await opened();
    await after(() => the(root, '.twinstore-RowsStatus button', 'Stop').click());
    expect(status(root)).toContain('Stopped before any row arrived.');
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
    const end = { version: 3, rows: 5, total: 5, columns: [column], bytes: 10, requests: 1, took_ms: 5 };
    server.on('POST api/statistics', () => stream([encodeJsonFrame('end', end)]));
    const root = await opened();
    await after(() => panel.showTab('statistics'));
    const section = the(root, 'section', 'weight');
    expect(section.textContent).toContain('nulls1 (20 %)');
    expect(section.querySelectorAll('svg rect')).toHaveLength(2);
    expect([...section.querySelectorAll('tbody tr')].map(row => row.textContent)).toEqual(['1.5 – 2.53', '2.5 – 3.51']);
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
    const rows = panel.widgets[2] as unknown as { _options: { model: RowsModel } };
    const { model } = rows._options;
    await after(() => model.ask({ order: { column: 'id', descending: true, of: 'rows' } }));
    expect(server.requests('POST api/preview')).toHaveLength(1);
    expect(model.shown?.rows.text(2, 0)).toBe('2');
    expect(status(root)).toContain('These rows by id, descending.');
    await after(() => model.ask({ order: { column: 'id', descending: false, of: 'table' } }));
    expect(asked().order).toEqual({ column: 'id', descending: false });
  });
});
