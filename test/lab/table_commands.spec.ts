import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { tablesPlugin } from '../../src/lab/tables/plugin';
import { FakeServer } from './fake_server';
import { aStatus, quietAppearance, SetHealth } from './samples';

const SCHEMA = JSON.parse(readFileSync(resolve(__dirname, '../../schema/tables.json'), 'utf-8')) as {
  'jupyter.lab.menus': { context: { command: string; args: ReadonlyPartialJSONObject; selector: string }[] };
};

describe('a folder of the file browser', () => {
  const commands = new CommandRegistry();
  const opened: string[] = [];
  const node = document.createElement('div');
  const folder = { type: 'directory', path: '' };

  beforeAll(() => {
    const browser = { node, modelForClick: () => folder, selectedItems: () => [folder] };
    const tracker = {
      currentWidget: browser,
      forEach: (action: (each: unknown) => void) => action(browser),
      widgetAdded: new Signal<unknown, unknown>({})
    };
    const contents = {
      get: async (path: string) => ({ content: path === 'table' ? [{ name: '_delta_log', type: 'directory' }] : [] })
    };
    void tablesPlugin.activate(
      { commands, serviceManager: { contents } } as unknown as JupyterFrontEnd,
      new FakeServer().client,
      quietAppearance(),
      Object.assign(new SetHealth(), { data: { status: aStatus({ root: '/home/ana/' }) } }).asModel,
      { groups: [] },
      { open: (location: string) => opened.push(location), current: null },
      { addSection: () => undefined, refreshRequested: new Signal<unknown, void>({}) },
      null,
      null,
      null,
      null,
      { tracker }
    );
  });

  it.each([
    ['table', true],
    ['plain', false]
  ])('has, once the pointer rests on %s, an item that opens it as a Delta table: %s', async (path, isVisible) => {
    folder.path = path;
    node.dispatchEvent(new Event('pointerover'));
    await new Promise(resolve => setTimeout(resolve, 300));
    const items = SCHEMA['jupyter.lab.menus'].context.filter(({ selector }) => selector.startsWith('.jp-DirListing'));
    expect(items.map(({ command, args }) => commands.isVisible(command, args))).toEqual([isVisible]);
  });

  it('is opened at its place on the machine of Jupyter Server', async () => {
    folder.path = 'data/table';
    await commands.execute('twinstore:open-table', { selected: true });
    expect(opened).toEqual(['/home/ana/data/table']);
  });
});
