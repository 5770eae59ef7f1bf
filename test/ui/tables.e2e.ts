import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { expect, test, Twinstore, writeTables } from './lab';

const ROOT = 's3a://features/ui';
const SCREENSHOTS = join(__dirname, '../../test-results/ui');

/** A cell that shows rows as `%twinstore show` does, without a Spark behind it. */
const OUTPUT = [
  'import base64, pyarrow as pa',
  "table = pa.table({'id': [9007199254740993, 2, None], 'name': ['a', 'null', None]})",
  'sink = pa.BufferOutputStream()',
  'writer = pa.ipc.new_stream(sink, table.schema)',
  'writer.write_table(table)',
  'writer.close()',
  "columns = [{'name': n, 'type': t, 'nullable': True} for n, t in (('id', 'bigint'), ('name', 'string'))]",
  'arrow = base64.b64encode(sink.getvalue()).decode()',
  "rows = {'columns': columns, 'arrow': arrow, 'rows': 3, 'complete': False, 'what': 'The first 3 rows; there are more.'}",
  "display({'application/vnd.twinstore.rows+json': rows, 'text/plain': 'rows'}, raw=True)"
].join('\n');

/** The Tables section, and the view of one table. */
class Tables {
  constructor(
    readonly page: IJupyterLabPageFixture,
    readonly name: string
  ) {
    this.section = page.getByRole('region', { name: 'Tables Section' });
    // JupyterLab makes of each view in the main area the panel of its tab.
    this.view = page.getByRole('tabpanel', { name, exact: true });
    this.rows = this.view.getByRole('tabpanel', { name: 'Rows' });
  }

  readonly section: Locator;
  readonly view: Locator;
  readonly rows: Locator;

  async open(location = `${ROOT}/${this.name}`): Promise<void> {
    await new Twinstore(this.page).show();
    await this.section.getByRole('combobox', { name: 'Path of a Delta table' }).fill(location);
    await this.section.getByRole('button', { name: 'Open' }).click();
    await expect(this.view).toBeVisible();
  }

  async tab(name: string): Promise<Locator> {
    await this.view.getByRole('tab', { name }).click();
    return this.view.getByRole('tabpanel', { name });
  }

  /** The grid, which is a canvas that takes the keys. */
  get grid(): Locator {
    return this.rows.getByRole('application');
  }

  /** The line that tells the value under the cursor. */
  get value(): Locator {
    return this.rows.locator('.twinstore-Grid-value');
  }

  async screenshots(name: string): Promise<void> {
    for (const theme of ['Light', 'Dark']) {
      await this.page.theme.setTheme(`JupyterLab ${theme}`);
      await this.page.screenshot({ path: join(SCREENSHOTS, `table-${name}-${theme.toLowerCase()}.png`) });
    }
    await this.page.theme.setTheme('JupyterLab Light');
  }
}

test.beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await writeTables(ROOT);
});

test.beforeEach(async ({ page }) => {
  await page.goto();
});

test('a table is found in the tree by keyboard, and its rows are walked through and copied', async ({ page }) => {
  const tables = new Tables(page, 'events');
  await new Twinstore(page).show();
  const root = tables.section.getByRole('treeitem', { name: /features/ });
  await root.focus();
  await page.keyboard.press('ArrowRight');
  const folder = tables.section.getByRole('treeitem', { name: /^▸?\s*ui/ });
  await folder.focus();
  await page.keyboard.press('ArrowRight');
  await tables.section
    .getByRole('treeitem', { name: /events/ })
    .last()
    .focus();
  await page.keyboard.press('Enter');
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
  await tables.grid.focus();
  await expect(tables.value).toContainText('id, row 1: 9007199');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(tables.value).toContainText(/^at, row 2: 2014-02-0\dT[\d:]+\.\d{6}Z$/);
  await tables.screenshots('rows');
  await tables.rows.getByRole('button', { name: 'Show the first rows' }).click();
  await expect(tables.rows).toContainText(/The first 100 of 921,\d+ rows/);
  await tables.rows.getByRole('button', { name: 'View as table' }).click();
  await expect(tables.rows.getByRole('row')).toHaveCount(101);
  await tables.screenshots('plain');
});

test('rows are filtered, sorted and found at an earlier version', async ({ page }) => {
  const tables = new Tables(page, 'events');
  await tables.open();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
  const where = tables.rows.getByRole('textbox', { name: 'Where' });
  await where.fill("kind = 'gas' and day = '2014-02-01'");
  await where.press('Enter');
  await expect(tables.rows).toContainText(/rows? that satis/);
  await where.fill('kind ==== 1');
  await where.press('Enter');
  await expect(tables.rows.getByRole('alert')).toContainText('makes no sense');
  await tables.screenshots('filter-error');
  await tables.rows.getByRole('button', { name: 'Clear' }).click();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);

  await tables.grid.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Sort these rows by price, descending' }).click();
  await expect(tables.rows).toContainText('These rows by price, descending.');
  await tables.grid.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'First rows of the table by price, descending' }).click();
  await expect(tables.rows).toContainText('The first rows of the whole table by price, descending.', {
    timeout: 60_000
  });
  await expect(tables.rows).toContainText(/files, .* requests/);

  const history = await tables.tab('History');
  await history.getByRole('button', { name: /Version 0/ }).click();
  await expect(tables.view).toContainText('Version 0 of 3');
  await expect(tables.view).toContainText('1,000,000 rows');
  await tables.screenshots('history');
  await tables.view.getByRole('button', { name: 'Back to the newest' }).click();
  await expect(tables.view).toContainText('Version 3 of 3');
});

test('a million rows are read with progress, scrolled to their end, and a reading is stopped', async ({ page }) => {
  test.setTimeout(120_000);
  const tables = new Tables(page, 'events');
  await tables.open();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
  await page.evaluate(() => {
    const longest = { ms: 0 };
    Object.assign(window, { longest });
    new PerformanceObserver(list => {
      longest.ms = Math.max(longest.ms, ...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: 'longtask' });
  });
  await tables.rows.getByRole('combobox', { name: 'Rows, at most' }).selectOption('1000000');
  await expect(tables.rows.getByRole('progressbar')).toBeVisible();
  await tables.screenshots('loading');
  await expect(tables.rows).toContainText(/All 921,\d+ rows/, { timeout: 90_000 });
  const longest = (): Promise<number> =>
    page.evaluate(() => (window as unknown as { longest: { ms: number } }).longest.ms);
  const reading = await longest();
  await page.evaluate(() => ((window as unknown as { longest: { ms: number } }).longest.ms = 0));
  await tables.grid.focus();
  await tables.grid.hover();
  // By a few rows, by a page, and far away: each is painted in another way.
  for (let turn = 0; turn < 120; turn++) {
    await page.mouse.wheel(0, [60, 400, 3000, 60_000][turn % 4] ?? 0);
  }
  await page.keyboard.press('Control+ArrowDown');
  await expect(tables.value).toContainText(/row 921\d+:/);
  test.info().annotations.push({
    type: 'longest task',
    description: `reading ${reading} ms, scrolling ${await longest()} ms`
  });
  await tables.rows.getByRole('button', { name: 'Read again' }).click();
  await tables.rows.getByRole('button', { name: 'Stop' }).click();
  await expect(tables.rows).toContainText('Stopped');
  await tables.screenshots('stopped');
});

test('files, schema and statistics of a table are told', async ({ page }) => {
  test.setTimeout(120_000);
  const tables = new Tables(page, 'events');
  await tables.open();
  await expect(tables.view).toContainText('partitioned by day');
  const statistics = await tables.tab('Statistics');
  const files = await tables.tab('Files');
  await expect(files.getByRole('row')).toHaveCount(12);
  await tables.screenshots('files');
  const schema = await tables.tab('Schema');
  await expect(schema.getByRole('row', { name: /price/ })).toContainText('decimal(12,2)');
  await tables.screenshots('schema');
  await tables.tab('Statistics');
  await expect(statistics.getByRole('region', { name: 'weight' })).toContainText('mean', { timeout: 90_000 });
  await tables.screenshots('statistics');
});

test('each state that a table can be in says what to do', async ({ page }) => {
  const empty = new Tables(page, 'empty');
  await empty.open();
  await expect(empty.rows).toContainText('The table has no rows at this version');
  await empty.screenshots('empty');

  const later = new Tables(page, 'later');
  await later.open();
  await expect(later.rows).toContainText('timeMachine');
  await expect(await later.tab('Schema')).toContainText('decimal(12,2)');
  await later.screenshots('unsupported');

  const vacuumed = new Tables(page, 'vacuumed');
  await vacuumed.open();
  await expect(vacuumed.rows).toContainText('All 10 rows');
  await (await vacuumed.tab('History')).getByRole('button', { name: /Version 0/ }).click();
  await vacuumed.tab('Rows');
  await expect(vacuumed.rows.getByText('As of')).toBeVisible();
  await vacuumed.screenshots('vacuumed');

  const none = new Tables(page, 'no_table');
  await none.open();
  await expect(none.view).toContainText('is not a Delta table');
  await none.screenshots('not-delta');

  const outside = new Tables(page, 'elsewhere');
  await outside.open('s3a://elsewhere/elsewhere');
  await expect(outside.view.getByRole('status').first()).toContainText('root');
  await outside.screenshots('outside');
});

test('a table is there again after a reload', async ({ page }) => {
  const tables = new Tables(page, 'events');
  await tables.open();
  await expect(tables.view).toContainText('partitioned by day');
  // The workspace is saved a moment later.
  await page.waitForResponse(
    response => response.url().includes('/lab/api/workspaces') && response.request().method() === 'PUT'
  );
  await page.reload();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
});

test('code that reads a table goes into the notebook, whose rows are drawn by the same grid', async ({ page }) => {
  test.setTimeout(120_000);
  await page.notebook.createNew();
  await page.notebook.setCell(0, 'code', OUTPUT);
  await page.notebook.runCell(0);
  const output = page.locator('.twinstore-RowsOutput');
  await expect(output).toContainText('The first 3 rows; there are more.');
  await expect(output.locator('.lm-DataGrid')).toBeVisible();
  await page.screenshot({ path: join(SCREENSHOTS, 'table-output-light.png') });
  const tables = new Tables(page, 'events');
  await tables.open();
  await tables.view.getByRole('button', { name: 'Insert code' }).click();
  const code = `spark.read.format("delta").load("${ROOT}/events")`;
  await expect(page.locator('.jp-NotebookPanel .jp-Cell', { hasText: code })).toBeVisible();
});

test('nothing is lost in a narrow window', async ({ page }) => {
  await page.setViewportSize({ width: 620, height: 500 });
  const tables = new Tables(page, 'events');
  await tables.open();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
  const filter = tables.rows.getByRole('button', { name: 'Filter' });
  await filter.scrollIntoViewIfNeeded();
  await expect(filter).toBeInViewport({ ratio: 1 });
  await tables.grid.scrollIntoViewIfNeeded();
  await tables.screenshots('narrow');
});
