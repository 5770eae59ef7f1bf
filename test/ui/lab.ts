import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, galata, test as base } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { Client } from 'cassandra-driver';
import { parse } from 'smol-toml';
import { findBrowser } from './browser';

export { expect };

const COMMAND = resolve(__dirname, '../../python-helpers/twinstore/_node/cli.js');

/** The interpreter that has JupyterLab and twinstore. */
export const PYTHON = process.env['TWINSTORE_PYTHON'] ?? resolve(__dirname, '../../.venv/bin/python');

/** Folder that JupyterLab serves. */
export const SERVED = resolve(__dirname, '../../build/ui');

/** JupyterLab on the running stack, in whatever Chromium there is. */
export const test = base.extend<object, object>({
  launchOptions: [async ({}, use) => use(await findBrowser(process.env)), { scope: 'worker' }],
  // Galata would make a folder for each test without the XSRF token, which this server asks for.
  tmpPath: async ({}, use) => use(''),
  autoGoto: false,
  // The launcher, for which Galata waits, lies behind a view that is restored.
  waitForApplication: async ({}, use) =>
    use(async page => page.locator('#jupyterlab-splash').waitFor({ state: 'detached' })),
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'jupyterlab-twinstore:appearance': { refreshSeconds: 2 }
  }
});

/** The settings of the running stack. */
function settingsFile(): string {
  const config = process.env['TWINSTORE_CONFIG'];
  if (!config) {
    throw new Error('TWINSTORE_CONFIG must name the settings of a running stack: twinstore stack up --name test.');
  }
  return config;
}

/** Run `twinstore stack …`. */
export async function stackCommand(args: readonly string[], env = process.env): Promise<void> {
  await promisify(execFile)(process.execPath, [COMMAND, 'stack', ...args], { env });
}

/** Run `twinstore stack …` on the running stack. */
export async function stack(...args: string[]): Promise<void> {
  await stackCommand([...args, '--name', basename(dirname(settingsFile()))]);
}

/** Write the tables that `tables.py` tells of below a location. */
export async function writeTables(location: string): Promise<void> {
  await promisify(execFile)(PYTHON, [resolve(__dirname, 'tables.py'), settingsFile(), location]);
}

/** Change the online store behind twinstore's back. */
export async function cql(...statements: string[]): Promise<void> {
  const { stores } = parse(readFileSync(settingsFile(), 'utf8')) as unknown as {
    stores: { online: { hosts: string[]; datacenter: string; credentials: { file: string } } };
  };
  const { hosts, datacenter, credentials } = stores.online;
  const client = new Client({
    contactPoints: hosts,
    localDataCenter: datacenter,
    credentials: JSON.parse(readFileSync(credentials.file, 'utf8'))
  });
  try {
    for (const statement of statements) {
      await client.execute(statement);
    }
  } finally {
    await client.shutdown();
  }
}

/** The Twinstore sidebar, brought to the front. */
export class Twinstore {
  constructor(readonly page: IJupyterLabPageFixture) {
    this.root = page.getByRole('region', { name: 'Twinstore', exact: true });
    this.groups = page.getByRole('region', { name: 'Groups' });
    this.runs = page.getByRole('region', { name: 'Runs' });
    // JupyterLab makes of each view in the main area the panel of its tab.
    this.view = page.getByRole('tabpanel', { name: 'energy', exact: true });
    this.foot = page.getByRole('region', { name: 'Health of the stores' });
  }

  readonly root: Locator;
  readonly groups: Locator;
  readonly runs: Locator;
  readonly foot: Locator;
  /** The view of the energy group, when it is open. */
  readonly view: Locator;

  async show(): Promise<void> {
    if (!(await this.root.isVisible())) {
      await this.page.getByRole('tab', { name: /^Twinstore/ }).click();
    }
    await expect(this.root).toBeVisible();
  }

  /** The energy group's line. */
  get energy(): Locator {
    return this.groups.getByRole('button', { name: /^energy/ });
  }

  /** The newest run of the energy notebook. */
  get newestRun(): Locator {
    return this.runs.getByRole('listitem').filter({ hasText: 'energy_features.ipynb' }).first();
  }

  async startRun(): Promise<void> {
    await this.runs.getByRole('button', { name: 'Run energy_features.ipynb' }).click();
    await expect(this.newestRun.getByRole('button', { name: /^Stop/ })).toBeVisible();
  }

  /** Load the page anew, as a user does who pressed F5. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.show();
  }
}

/** Resolves once a workspace has been saved that has a view of this kind, which happens a moment after it was opened. */
export async function workspaceWith(page: IJupyterLabPageFixture, view: string): Promise<void> {
  await page.waitForResponse(response => {
    const request = response.request();
    const isSaved = request.method() === 'PUT' && response.url().includes('/lab/api/workspaces');
    return isSaved && (request.postData() ?? '').includes(view);
  });
}
