import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IGroupSummary, StateCounts } from '../contract';
import { grouped, stateWords } from './words';

/** States of rows that a repair writes online again; those that are extra there it deletes. */
const WRITTEN = ['stale_online', 'missing_online', 'mismatch', 'ahead_online'] as const;

/** How many rows the last proof found in each state, when some of them differ; else null. */
export function toRepair({ last_proof: proof }: IGroupSummary): StateCounts | null {
  return proof?.verdict === 'out_of_parity' ? proof.states : null;
}

/** Whether the user agrees to what a repair does to the online store. */
export async function affirmRepair(group: IGroupSummary, trans: TranslationBundle): Promise<boolean> {
  const states = toRepair(group);
  if (states === null) {
    return false;
  }
  const present = WRITTEN.filter(state => states[state] > 0);
  const written = present.reduce((sum, state) => sum + states[state], 0);
  const deleted = states.extra_online;
  const clauses: string[] = [];
  if (written > 0) {
    const each = present.map(state => `${grouped(states[state])} ${stateWords(state, trans)}`).join(', ');
    clauses.push(
      trans._n(
        '%2 row is written again from history (%3)',
        '%2 rows are written again from history (%3)',
        written,
        grouped(written),
        each
      )
    );
  }
  if (deleted > 0) {
    clauses.push(trans._n('%2 extra row is deleted', '%2 extra rows are deleted', deleted, grouped(deleted)));
  }
  const what = trans.__('In %1, by the last proof: %2.', group.online, clauses.join(', '));
  const how = trans.__('The group is proved before and after; history is not changed.');
  return affirmed(trans.__('Repair %1?', group.name), `${what} ${how}`, trans.__('Repair'), trans);
}

/** Whether the user agrees to what materializing does to the online store. */
export function affirmMaterialize({ name, online }: IGroupSummary, trans: TranslationBundle): Promise<boolean> {
  const what = trans.__(
    'In %1, every row is written again from history, and every row that history lacks is deleted. History is not changed.',
    online
  );
  return affirmed(trans.__('Materialize %1?', name), what, trans.__('Materialize'), trans);
}

async function affirmed(title: string, body: string, label: string, trans: TranslationBundle): Promise<boolean> {
  const buttons = [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label })];
  const { button } = await showDialog({ title, body, buttons });
  return button.accept;
}
