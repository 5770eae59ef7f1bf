import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { expect, SERVED, test, Twinstore, workspaceWith, writeTables } from './lab';

const ROOT = 's3a://features/ui';
const SCREENSHOTS = join(__dirname, '../../test-results/ui');

/** Cells that show the rows of a DataFrame, whose values are easily told wrong. */
const SHOW = [
  'import twinstore as ts\nspark = ts.spark_session()\n%load_ext twinstore',
  "rows = spark.sql(\"values (9007199254740993, 'a'), (2, 'null'), (null, null) as t(id, name)\")\n%twinstore show rows"
];

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
    description: `reading, with changes of theme, ${reading} ms, scrolling ${await longest()} ms`
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
  const saved = workspaceWith(page, 'twinstore-table:');
  await tables.open();
  await expect(tables.view).toContainText('partitioned by day');
  await saved;
  await page.reload();
  await expect(tables.rows).toContainText(/100 of 921,\d+ rows/);
});

test('a DataFrame is shown in a notebook by the same grid, and its cells are copied as they are', async ({ page }) => {
  test.setTimeout(180_000);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.notebook.createNew();
  for (const [index, source] of SHOW.entries()) {
    await page.notebook.setCell(index, 'code', source);
    await page.notebook.runCell(index);
    await page.notebook.addCell('code', '');
  }
  const output = page.locator('.twinstore-RowsOutput');
  await expect(output).toContainText('All 3 rows.', { timeout: 120_000 });
  const grid = output.getByRole('application');
  await grid.focus();
  await expect(output.locator('.twinstore-Grid-value')).toContainText('id, row 1: 9007199254740993');
  for (const key of ['Shift+ArrowRight', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Control+c']) {
    await page.keyboard.press(key);
  }
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('9007199254740993\ta\n2\tnull\n\t');
  await page.screenshot({ path: join(SCREENSHOTS, 'table-output-light.png') });
});

test('code that reads a table goes into the notebook', async ({ page }) => {
  await page.notebook.createNew();
  const tables = new Tables(page, 'events');
  await tables.open();
  await tables.view.getByRole('button', { name: 'Insert code' }).click();
  const code = `spark.read.format("delta").load("${ROOT}/events")`;
  await expect(page.locator('.jp-NotebookPanel .jp-Cell', { hasText: code })).toBeVisible();
});

test('the file browser offers to open a folder that is a Delta table, and no other', async ({ page }) => {
  for (const folder of ['delta_table/_delta_log', 'plain_folder/notes']) {
    mkdirSync(join(SERVED, folder), { recursive: true });
  }
  await page.sidebar.openTab('filebrowser');
  const offered = page.getByRole('menuitem', { name: 'Open as Delta Table' });
  const ask = async (folder: string): Promise<void> => {
    const item = page.locator('.jp-DirListing-item', { hasText: folder });
    // What a folder holds is found out while the pointer rests on it.
    const looked = page.waitForResponse(response => response.url().includes(`/api/contents/${folder}`));
    await item.hover();
    await looked;
    await item.click({ button: 'right' });
  };
  await ask('plain_folder');
  await expect(page.getByRole('menuitem', { name: 'Rename' })).toBeVisible();
  await expect(offered).toBeHidden();
  await page.keyboard.press('Escape');
  await ask('delta_table');
  await offered.click();
  await expect(page.getByRole('tabpanel', { name: 'delta_table', exact: true })).toContainText(
    join(SERVED, 'delta_table')
  );
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
