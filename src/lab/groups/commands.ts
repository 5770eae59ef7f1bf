import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IGroupSummary } from '../../contract';
import type { IGroupsModel, IGroupView, IJobsModel } from '../../tokens';
import { asError } from '../as_error';
import { affirmMaterialize, affirmRepair, toRepair } from '../consent';
import { twinsIcon } from '../icons';

/** Commands on a group: the one of the argument `group`, in a context menu the one under it, else the one in view. */
export namespace CommandIDs {
  export const open = 'twinstore:open-group';
  export const prove = 'twinstore:prove-group';
  export const retry = 'twinstore:retry-group';
  export const repair = 'twinstore:repair-group';
  export const materialize = 'twinstore:materialize-group';
  export const copyOffline = 'twinstore:copy-offline-address';
  export const copyOnline = 'twinstore:copy-online-address';
}

export interface IGroupCommandsOptions {
  app: JupyterFrontEnd;
  model: IGroupsModel;
  view: IGroupView;
  jobs: IJobsModel;
  trans: TranslationBundle;
  palette: ICommandPalette | null;
}

const DESCRIBED_BY = {
  args: {
    type: 'object',
    properties: {
      group: { type: 'string', description: 'Name of the feature group; default the one in view' },
      menu: { type: 'boolean', description: 'Whether the one under the open context menu is meant' }
    }
  }
} as const;

export function addGroupCommands({ app, model, view, jobs, trans, palette }: IGroupCommandsOptions): void {
  const nameOf = (args: ReadonlyPartialJSONObject): string | null => {
    const { group, menu } = args;
    if (typeof group === 'string') {
      return group;
    }
    if (menu !== true) {
      return view.current;
    }
    // Outside of a menu this would still answer for the menu that was open last.
    return app.contextMenuHitTest(node => node.dataset['group'] !== undefined)?.dataset['group'] ?? null;
  };
  const add = (
    id: string,
    labels: { label: string; named: (name: string) => string; caption: string },
    execute: (name: string) => unknown,
    isEnabled: (name: string) => boolean = () => true
  ): void => {
    app.commands.addCommand(id, {
      label: args => (typeof args['group'] === 'string' ? labels.named(args['group']) : labels.label),
      caption: labels.caption,
      icon: id === CommandIDs.open ? twinsIcon : undefined,
      describedBy: DESCRIBED_BY,
      isEnabled: args => {
        const name = nameOf(args);
        return name !== null && isEnabled(name);
      },
      execute: args => {
        const name = nameOf(args);
        return name === null ? undefined : execute(name);
      }
    });
  };
  const known = (name: string): IGroupSummary | undefined => model.groups.find(other => other.name === name);
  /** Starts a job that changes rows, once the user has agreed. */
  const consented =
    (verb: 'repair' | 'materialize', affirm: typeof affirmRepair) =>
    async (name: string): Promise<void> => {
      const group = known(name);
      if (group && (await affirm(group, trans))) {
        await told(jobs.start({ verb, args: { group: name } }));
      }
    };
  const addressOf = (name: string, side: 'offline' | 'online'): void => {
    const group = known(name);
    if (group) {
      Clipboard.copyToSystem(group[side]);
    }
  };
  const isIdle = (name: string): boolean => !jobs.isBusy(name);

  add(
    CommandIDs.open,
    {
      label: trans.__('Open Group'),
      named: name => trans.__('Open Group %1', name),
      caption: trans.__('Show the feature group with its proof, its writes and its definition')
    },
    name => view.open(name)
  );
  add(
    CommandIDs.prove,
    {
      label: trans.__('Prove Now'),
      named: name => trans.__('Prove %1 Now', name),
      caption: trans.__('Compare the two stores row by row')
    },
    name => {
      view.open(name);
      return told(jobs.start({ verb: 'parity', args: { group: name, how: 'auto' } }));
    },
    isIdle
  );
  add(
    CommandIDs.retry,
    {
      label: trans.__('Retry Unfinished Rows'),
      named: name => trans.__('Retry Unfinished Rows of %1', name),
      caption: trans.__('Write online what an earlier write did not finish')
    },
    name => told(jobs.start({ verb: 'retry', args: { group: name } })),
    isIdle
  );
  add(
    CommandIDs.repair,
    {
      label: trans.__('Repair Rows …'),
      named: name => trans.__('Repair Rows of %1 …', name),
      caption: trans.__('Prove, write the rows that differ online again, and prove once more')
    },
    consented('repair', affirmRepair),
    name => {
      const group = known(name);
      return group !== undefined && toRepair(group) !== null && isIdle(name);
    }
  );
  add(
    CommandIDs.materialize,
    {
      label: trans.__('Materialize …'),
      named: name => trans.__('Materialize %1 …', name),
      caption: trans.__('Write the latest row of every entity online again')
    },
    consented('materialize', affirmMaterialize),
    name => known(name) !== undefined && isIdle(name)
  );
  add(
    CommandIDs.copyOffline,
    {
      label: trans.__('Copy Offline Address'),
      named: name => trans.__('Copy Offline Address of %1', name),
      caption: trans.__('Copy the address of the Delta table')
    },
    name => addressOf(name, 'offline')
  );
  add(
    CommandIDs.copyOnline,
    {
      label: trans.__('Copy Online Address'),
      named: name => trans.__('Copy Online Address of %1', name),
      caption: trans.__('Copy keyspace and name of the online table')
    },
    name => addressOf(name, 'online')
  );

  if (palette) {
    addToPalette(palette, model, trans);
  }
}

/** Waits for what a command began; says why when it was refused, for no view does. */
async function told(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (reason) {
    const { message, remedy } = asError(reason);
    Notification.error(`${message} ${remedy}`, { autoClose: 10000 });
  }
}

/** Each known group can be opened, proved, retried, repaired and materialized by name from the palette. */
function addToPalette(palette: ICommandPalette, model: IGroupsModel, trans: TranslationBundle): void {
  let items: IDisposable[] = [];
  let shown = '';
  model.stateChanged.connect(() => {
    const names = model.groups.map(group => group.name);
    if (names.join() === shown) {
      return;
    }
    shown = names.join();
    items.forEach(item => item.dispose());
    items = names.flatMap(group =>
      [CommandIDs.open, CommandIDs.prove, CommandIDs.retry, CommandIDs.repair, CommandIDs.materialize].map(command =>
        palette.addItem({ command, args: { group }, category: trans.__('Twinstore') })
      )
    );
  });
}
