import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { freePort } from '../../src/stack';
import { expect, PYTHON, stackCommand, test as base, Twinstore } from './lab';

const SCREENSHOTS = join(__dirname, '../../test-results/ui');
const CONFIG = join(__dirname, 'jupyter_server_config.py');

/** Time for a first start of the stack on a machine that has much else to do, in ms. */
const START_MS = 180_000;

/** A JupyterLab of somebody who has no settings and no stack, at `url`. */
interface ILab {
  url: string;
  env: NodeJS.ProcessEnv;
  end(): Promise<void>;
}

async function newcomersLab(): Promise<ILab> {
  const home = mkdtempSync(join(tmpdir(), 'newcomer-'));
  const port = String(await freePort(0));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    JUPYTER_PORT: port,
    JUPYTERLAB_GALATA_ROOT_DIR: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state')
  };
  delete env['TWINSTORE_CONFIG'];
  const server = spawn(PYTHON, ['-m', 'jupyterlab', '--config', CONFIG], { cwd: home, env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await expect(async () => expect((await fetch(`${url}/api`)).ok).toBe(true)).toPass({ timeout: 60_000 });
  return {
    url,
    env,
    async end() {
      const exited = once(server, 'exit');
      server.kill('SIGTERM');
      await exited;
      await stackCommand(['down', '--delete'], env);
      expect(readdirSync(join(home, 'config', 'twinstore'))).toEqual([]);
      rmSync(home, { recursive: true });
    }
  };
}

/** JupyterLab of a newcomer. It ends after the page, which goes on asking it until then. */
const test = base.extend<object, { lab: ILab }>({
  lab: [
    async ({}, use) => {
      const lab = await newcomersLab();
      await use(lab);
      await lab.end();
    },
    { scope: 'worker', timeout: 120_000 }
  ],
  baseURL: async ({ lab }, use) => use(lab.url)
});

/** Note the values of the progress bar from now on; they are told when asked for. */
async function watchProgress(page: Page): Promise<() => Promise<number[]>> {
  const shares = await page.evaluateHandle(() => {
    const seen: number[] = [];
    const bar = document.querySelector('.twinstore-Sidebar progress');
    new MutationObserver(() => seen.push((bar as HTMLProgressElement).value)).observe(bar as Node, {
      attributes: true
    });
    return seen;
  });
  return () => shares.jsonValue();
}

test('somebody without settings starts the demo stack from the sidebar', async ({ page }) => {
  test.setTimeout(START_MS + 120_000);
  await page.goto();
  const twinstore = new Twinstore(page);
  await twinstore.show();
  const { root } = twinstore;
  await expect(root).toContainText('Use stores of your own');
  for (const theme of ['Dark', 'Light']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.screenshot({ path: join(SCREENSHOTS, `first-use-${theme.toLowerCase()}.png`) });
  }

  await root.getByRole('button', { name: 'Connect…' }).click();
  await expect(root.getByRole('textbox', { name: 'Where tables lie' })).toBeFocused();
  await page.screenshot({ path: join(SCREENSHOTS, 'first-use-connect.png') });
  await root.getByRole('textbox', { name: 'Where tables lie' }).fill('s3a://features');
  await root.getByRole('textbox', { name: 'Region' }).fill('eu-west-1');
  const hosts = root.getByRole('textbox', { name: 'Hosts and ports' });
  await hosts.fill('no port');
  await root.getByRole('textbox', { name: 'Datacenter' }).fill('datacenter1');
  await root.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(hosts).toBeFocused();
  await expect(hosts).toHaveJSProperty('validity.patternMismatch', true);
  await root.getByRole('button', { name: 'Cancel' }).click();

  await root.getByRole('button', { name: 'Start the demo stack' }).click();
  await expect(root.getByRole('progressbar')).toBeVisible();
  await root.getByRole('button', { name: 'Stop demo stack' }).click();
  await expect(root.getByRole('status')).toContainText(['start it again to go on from there'], { timeout: 60_000 });
  await page.screenshot({ path: join(SCREENSHOTS, 'first-use-stopped.png') });

  await root.getByRole('button', { name: 'Start the demo stack' }).click();
  await expect(root.getByRole('progressbar')).toBeVisible();
  const shares = await watchProgress(page);
  await page.screenshot({ path: join(SCREENSHOTS, 'first-use-starting.png') });
  await expect(twinstore.groups).toContainText('No feature group yet', { timeout: START_MS });
  await expect(twinstore.foot.getByText('answers')).toHaveCount(2);
  await expect(twinstore.runs.getByRole('button', { name: 'Run energy_features.ipynb' })).toBeVisible();
  expect((await shares()).every((share, i, all) => i === 0 || share >= (all[i - 1] ?? 0))).toBe(true);
  await page.screenshot({ path: join(SCREENSHOTS, 'first-use-started.png') });

  await page.evaluate(() => window.jupyterapp.commands.execute('twinstore:connect'));
  await expect(twinstore.foot).toContainText('They belong to the demo stack.');
  await expect(twinstore.foot.getByText('Settings: demo')).toBeFocused();
  for (const theme of ['Dark', 'Light']) {
    await page.theme.setTheme(`JupyterLab ${theme}`);
    await page.screenshot({ path: join(SCREENSHOTS, `settings-in-force-${theme.toLowerCase()}.png`) });
  }
});
