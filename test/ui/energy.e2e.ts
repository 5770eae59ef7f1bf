import { join } from 'node:path';
import { cql, expect, stack, test, Twinstore, workspaceWith } from './lab';

/** Households whose readings the tests use: few, so that the notebook is quick. */
const HOUSEHOLDS = '20';

/** Time for a run of the notebook, or a proof, on a machine that has much else to do, in ms. */
const RUN_MS = 600_000;

const SCREENSHOTS = join(__dirname, '../../test-results/ui');

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  await stack('input', '--rows', HOUSEHOLDS);
});

test.beforeEach(async ({ page }) => {
  await page.goto();
});

test('the sidebar shows that both stores answer, and as whom they are read', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await expect(twinstore.foot).toContainText('S3');
  await expect(twinstore.foot).toContainText('Cassandra');
  await expect(twinstore.foot.getByText('answers')).toHaveCount(2);
  await expect(twinstore.foot).toContainText('acting as');
});

test('a run is found again after a reload in the middle of it, and ends with a receipt and a verdict', async ({
  page
}) => {
  test.setTimeout(RUN_MS + 60_000);
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.startRun();
  await expect(twinstore.newestRun).toContainText(/cell [2-9] of \d+/, { timeout: RUN_MS });
  await twinstore.reload();
  await expect(twinstore.newestRun).toContainText(/cell \d+ of \d+/);
  await expect(twinstore.newestRun.getByRole('progressbar')).toBeVisible();
  await expect(twinstore.newestRun).toContainText('In parity', { timeout: RUN_MS });
  await expect(twinstore.newestRun).toContainText(/rows? (added to history|written online)|Nothing new/);
});

test('the notebook that a run executed opens with its outputs', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.newestRun.getByRole('button', { name: 'Open outputs' }).click();
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(notebook).toContainText('In parity', { timeout: 60_000 });
});

test('the energy group is in parity, in the sidebar and in the status bar', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await expect(twinstore.energy).toContainText('in parity');
  await expect(twinstore.energy).toContainText(/v\d+/);
  await expect(page.locator('.twinstore-StatusItem')).toContainText('energy');
});

test('the view of a group shows its writes and its definition', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.energy.click();
  const { view } = twinstore;
  await view.getByRole('tab', { name: 'Parity' }).click();
  await expect(view.getByRole('tabpanel', { name: 'Parity' })).toContainText('rows compared');
  await view.getByRole('tab', { name: 'Rows' }).click();
  await expect(view.getByRole('tabpanel', { name: 'Rows' })).toContainText(/\d of [\d,]+ rows|All [\d,]+ rows/);
  await view.getByRole('tab', { name: 'Writes' }).click();
  await expect(view.getByRole('list', { name: 'Writes, newest first' }).getByRole('listitem').first()).toContainText(
    'write by'
  );
  await view.getByRole('tab', { name: 'Definition' }).click();
  await expect(view.getByRole('row', { name: /household_id/ })).toContainText('key');
});

test('the view of a group is there again after a reload', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  const saved = workspaceWith(page, 'twinstore-group:');
  await twinstore.energy.click();
  const { view } = twinstore;
  await expect(view).toContainText('Offline');
  await saved;
  await twinstore.reload();
  await expect(view).toContainText('s3a://features/energy');
});

test('the sidebar is looked at in light and in dark', async ({ page }) => {
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.energy.click();
  await twinstore.view.getByRole('tab', { name: 'Parity' }).click();
  await expect(twinstore.view.getByRole('tabpanel', { name: 'Parity' })).toContainText('rows compared');
  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.screenshot({ path: join(SCREENSHOTS, `energy-${theme.toLowerCase()}.png`) });
  }
});

test('a run can be stopped', async ({ page }) => {
  test.setTimeout(RUN_MS);
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.startRun();
  await expect(twinstore.newestRun).toContainText(/cell \d+ of \d+/, { timeout: RUN_MS });
  await twinstore.newestRun.getByRole('button', { name: /^Stop/ }).click();
  await expect(twinstore.newestRun).toContainText('Stopped after', { timeout: 30_000 });
});

test('the sidebar says that Cassandra is gone, and recovers when it is back', async ({ page }) => {
  test.setTimeout(180_000);
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await expect(twinstore.energy).toContainText('in parity', { timeout: 60_000 });
  await stack('stop', 'cassandra');
  try {
    await expect(twinstore.energy).toContainText('Cassandra unreachable', { timeout: 60_000 });
    await expect(twinstore.foot).toContainText('last seen');
    await expect(twinstore.foot.getByRole('button', { name: 'Try again' })).toBeVisible();
    await page.screenshot({ path: join(SCREENSHOTS, 'cassandra-unreachable.png') });
  } finally {
    await stack('start', 'cassandra');
  }
  await expect(twinstore.energy).toContainText('in parity', { timeout: 60_000 });
  await expect(twinstore.foot.getByText('answers')).toHaveCount(2);
});

test('the file browser offers to run a notebook with Twinstore', async ({ page }) => {
  await page.sidebar.openTab('filebrowser');
  await page.locator('.jp-DirListing-item[data-file-type="notebook"]').first().click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: 'Run with Twinstore' })).toBeVisible();
});

test('Prove now shows how far it is, announces the verdict, and names five rows that were damaged by hand', async ({
  page
}) => {
  test.setTimeout(RUN_MS);
  const table = 'feature_store.energy';
  await cql(
    `UPDATE ${table} SET energy_sum = 99.5 WHERE household_id = 'MAC000002'`,
    `UPDATE ${table} SET energy_mean = null WHERE household_id = 'MAC000003'`,
    `UPDATE ${table} SET day = '2011-12-01' WHERE household_id = 'MAC000004'`,
    `DELETE FROM ${table} WHERE household_id = 'MAC000005'`,
    `INSERT INTO ${table} (household_id, day) VALUES ('nobody', '2014-01-01')`
  );
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.energy.click();
  const { view } = twinstore;
  await view.getByRole('button', { name: 'Prove now' }).click();
  await expect(view.getByRole('progressbar')).toBeVisible();
  await expect(view.getByRole('status').filter({ hasText: '5 of 21 rows differ' })).toBeVisible({ timeout: RUN_MS });
  await expect(twinstore.energy).toContainText('5 rows differ');
  await view.getByRole('tab', { name: 'Parity' }).click();
  const rows = view.getByRole('table', { name: /^Rows that differ/ });
  for (const [key, state] of [
    ['MAC000002', 'mismatch'],
    ['MAC000003', 'mismatch'],
    ['MAC000004', 'stale online'],
    ['MAC000005', 'missing online'],
    ['nobody', 'extra online']
  ]) {
    await expect(rows.getByRole('row').filter({ hasText: key })).toContainText(state ?? '');
  }
  for (const theme of ['Light', 'Dark']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.screenshot({ path: join(SCREENSHOTS, `differs-${theme.toLowerCase()}.png`) });
  }
});

test('Repair mends these rows once that was affirmed', async ({ page }) => {
  test.setTimeout(RUN_MS);
  const twinstore = new Twinstore(page);
  await twinstore.show();
  await twinstore.energy.click();
  await twinstore.view.getByRole('button', { name: 'Repair rows' }).click();
  await page.screenshot({ path: join(SCREENSHOTS, 'repair-dialog.png') });
  await page.getByRole('dialog').getByRole('button', { name: 'Repair' }).click();
  await expect(twinstore.view.getByRole('status').filter({ hasText: 'In parity' })).toBeVisible({ timeout: RUN_MS });
  await expect(twinstore.energy).toContainText('in parity');
  await page.screenshot({ path: join(SCREENSHOTS, 'repaired.png') });
});
