import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { TwinstoreError } from '../../src/contract';
import type { IJobRequest } from '../../src/contract';
import { addGroupCommands, CommandIDs } from '../../src/lab/groups/commands';
import type { IGroupsModel, IGroupView, IJobsModel } from '../../src/tokens';

describe('commands on a group', () => {
  const commands = new CommandRegistry();
  const view = { current: 'in_view', opened: [] as string[], open: (name: string) => view.opened.push(name) };
  const started: IJobRequest[] = [];
  let refusal: TwinstoreError | null = null;

  beforeAll(() => {
    const item = document.createElement('div');
    item.dataset['group'] = 'under_menu';
    addGroupCommands({
      // What JupyterLab's shell answers once any context menu was open.
      app: { commands, contextMenuHitTest: () => item } as unknown as JupyterFrontEnd,
      model: { groups: [] } as unknown as IGroupsModel,
      view: view as unknown as IGroupView,
      jobs: {
        start: async (request: IJobRequest) => {
          started.push(request);
          if (refusal) {
            throw refusal;
          }
        }
      } as unknown as IJobsModel,
      trans: nullTranslator.load('jupyterlab_twinstore'),
      palette: null
    });
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
});
