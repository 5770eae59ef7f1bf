import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { definitionPlugin } from './lab/definition/plugin';
import { firstUsePlugin } from './lab/first_use/plugin';
import { groupViewPlugin } from './lab/group/plugin';
import { groupsModelPlugin, groupsPlugin } from './lab/groups/plugin';
import { healthPlugin } from './lab/health/plugin';
import { jobsPlugin } from './lab/jobs/plugin';
import { outputPlugin } from './lab/output/plugin';
import { parityPlugin } from './lab/parity/plugin';
import { runsPlugin } from './lab/runs/plugin';
import { appearancePlugin, clientPlugin, sidebarPlugin, statusPlugin } from './lab/shell/plugin';
import { groupRowsPlugin, tableViewPlugin } from './lab/table/plugin';
import { tablesPlugin } from './lab/tables/plugin';
import { writesPlugin } from './lab/writes/plugin';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  clientPlugin,
  appearancePlugin,
  sidebarPlugin,
  healthPlugin,
  jobsPlugin,
  firstUsePlugin,
  groupsModelPlugin,
  groupViewPlugin,
  groupsPlugin,
  groupRowsPlugin,
  tableViewPlugin,
  tablesPlugin,
  parityPlugin,
  writesPlugin,
  definitionPlugin,
  runsPlugin,
  outputPlugin,
  statusPlugin
];

export default plugins;
