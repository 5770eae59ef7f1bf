import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette, IPaletteItem } from '@jupyterlab/apputils';
import { Notification } from '@jupyterlab/apputils';
import { acceptDialog, dismissDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TwinstoreError } from '../../src/contract';
import type { IJobRequest } from '../../src/contract';
import { addGroupCommands, CommandIDs } from '../../src/lab/groups/commands';
import type { IGroupsModel, IGroupView, IJobsModel } from '../../src/tokens';
import { after } from './rendering';
import { aReport, aSummary, states } from './samples';

describe('commands on a group', () => {
  const commands = new CommandRegistry();
  const view = { current: 'in_view', opened: [] as string[], open: (name: string) => view.opened.push(name) };
  const differs = aReport({
    verdict: 'out_of_parity',
    states: states({ stale_online: 7, missing_online: 3, extra_online: 1 })
  });
  const groups = [aSummary(), aSummary({ name: 'terminals', last_proof: differs })];
  const stateChanged = new Signal<object, void>({});
  const inPalette: IPaletteItem[] = [];
  const busy: string[] = [];
  const started: IJobRequest[] = [];
  let refusal: TwinstoreError | null = null;

  beforeAll(() => {
    const item = document.createElement('div');
    item.dataset['group'] = 'under_menu';
    addGroupCommands({
      // What JupyterLab's shell answers once any context menu was open.
      app: { commands, contextMenuHitTest: () => item } as unknown as JupyterFrontEnd,
      model: { groups, stateChanged } as unknown as IGroupsModel,
      view: view as unknown as IGroupView,
      jobs: {
        isBusy: (name: string) => busy.includes(name),
        start: async (request: IJobRequest) => {
          started.push(request);
          if (refusal) {
            throw refusal;
          }
        }
      } as unknown as IJobsModel,
      trans: nullTranslator.load('jupyterlab_twinstore'),
      palette: {
        addItem: (item: IPaletteItem) => {
          inPalette.push(item);
          return { dispose: () => undefined };
        }
      } as unknown as ICommandPalette
    });
    stateChanged.emit();
  });

  beforeEach(() => {
    started.length = 0;
    busy.length = 0;
    refusal = null;
  });

  it.each([
    [{}, 'in_view'],
    [{ menu: true }, 'under_menu'],
    [{ menu: true, group: 'named' }, 'named']
  ])('mean with %j the group %s', async (args, group) => {
    view.opened.length = 0;
    await commands.execute(CommandIDs.open, args);
    expect(view.opened).toEqual([group]);
  });

  it('say why a proof or a retry was refused', async () => {
    refusal = new TwinstoreError('forbidden', 'ana may not execute.', 'Ask for that right.');
    for (const command of [CommandIDs.prove, CommandIDs.retry]) {
      Notification.manager.dismiss();
      await commands.execute(command, { group: 'energy' });
      const [told] = Notification.manager.notifications;
      expect([told?.type, told?.message]).toEqual(['error', 'ana may not execute. Ask for that right.']);
    }
  });

  it.each([
    [
      CommandIDs.materialize,
      'energy',
      'Materialize energy?In feature_store.energy, every row is written again from history, and every row that history lacks is deleted. History is not changed.',
      'materialize'
    ],
    [
      CommandIDs.repair,
      'terminals',
      'Repair terminals?In feature_store.terminals, by the last proof: 10 rows are written again from history (7 stale online, 3 missing online), 1 extra row is deleted. The group is proved before and after; history is not changed.',
      'repair'
    ]
  ])('%s asks before it changes rows, and says which', async (command, group, words, verb) => {
    const ask = async (answer: () => Promise<void>): Promise<string> => {
      const executed = commands.execute(command, { group });
      await after(() => undefined);
      const dialog = document.querySelector('.jp-Dialog');
      const [title, body] = ['header', 'body'].map(part => dialog?.querySelector(`.jp-Dialog-${part}`)?.textContent);
      await answer();
      await executed;
      return `${title}${body}`;
    };
    expect(await ask(dismissDialog)).toBe(words);
    expect(started).toEqual([]);
    await ask(acceptDialog);
    expect(started).toEqual([{ verb, args: { group } }]);
  });

  it('are off while a job about the group runs or begins', () => {
    const jobs = [CommandIDs.prove, CommandIDs.retry, CommandIDs.repair, CommandIDs.materialize];
    const enabled = (): string[] => jobs.filter(command => commands.isEnabled(command, { group: 'terminals' }));
    expect(enabled()).toEqual(jobs);
    busy.push('terminals');
    expect(enabled()).toEqual([]);
  });

  it('offer no repair of what is in parity', () => {
    expect(commands.isEnabled(CommandIDs.repair, { group: 'energy' })).toBe(false);
  });

  it('are all in the context menu; those that do something with a group also in the palette, by its name', () => {
    const schema = JSON.parse(readFileSync(resolve(__dirname, '../../schema/groups.json'), 'utf8')) as {
      'jupyter.lab.menus': { context: { command?: string }[] };
    };
    const inMenu = schema['jupyter.lab.menus'].context.flatMap(({ command }) => command ?? []);
    expect(inMenu.sort()).toEqual(Object.values(CommandIDs).sort());
    const ofTerminals = inPalette.filter(({ args }) => args?.['group'] === 'terminals');
    const actions = Object.values(CommandIDs).filter(command => !command.includes('copy'));
    expect(ofTerminals.map(({ command }) => command)).toEqual(actions);
  });
});
