import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

const ROOT = resolve(__dirname, '../..');
const RESULTS = join(ROOT, 'test-results', 'ui');

/** Folder that the server serves: a copy, so that runs write nothing into the checkout. */
const SERVED = join(ROOT, 'build', 'ui');

const FREE_PORT = `const s = require('node:net').createServer();
s.listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); });`;

// This file is read again in each worker, which inherits the port by the environment.
const port = (process.env['JUPYTER_PORT'] ??= execFileSync(process.execPath, ['-e', FREE_PORT], {
  encoding: 'utf8'
}).trim());
const url = `http://127.0.0.1:${port}`;

mkdirSync(SERVED, { recursive: true });
copyFileSync(join(ROOT, 'notebooks', 'energy_features.ipynb'), join(SERVED, 'energy_features.ipynb'));

export default defineConfig({
  testDir: __dirname,
  testMatch: '*.e2e.ts',
  outputDir: join(RESULTS, 'output'),
  // One stack, one server, one group: the tests tell one story, in order.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: url,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    video: 'off'
  },
  webServer: {
    command: `${process.env['TWINSTORE_PYTHON'] ?? join(ROOT, '.venv', 'bin', 'python')} -m jupyterlab --config ${join(__dirname, 'jupyter_server_config.py')}`,
    url: `${url}/api`,
    env: { ...process.env, JUPYTERLAB_GALATA_ROOT_DIR: SERVED } as Record<string, string>,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    timeout: 120_000
  }
});
