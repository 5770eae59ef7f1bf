import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IGroupAnswer, IReceiptsAnswer, Receipt } from '../../contract';
import { Ago, PolledView } from '../components';
import type { FollowingModel } from '../following_model';
import { absolute, duration, grouped, receiptSentence } from '../words';

/** The Writes tab: receipts as a timeline, newest first. Owns its model. */
export class WritesTab extends VDomRenderer<FollowingModel<IReceiptsAnswer, IGroupAnswer>> {
  constructor(model: FollowingModel<IReceiptsAnswer, IGroupAnswer>, trans: TranslationBundle) {
    super(model);
    this._receipts = model;
    this._trans = trans;
    this.addClass('twinstore-Writes');
  }

  override dispose(): void {
    this._receipts.dispose();
    super.dispose();
  }

  protected render(): ReactElement {
    const trans = this._trans;
    return (
      <PolledView model={this._receipts} reading={trans.__('Reading the receipts …')} trans={trans}>
        {({ receipts, total }) =>
          receipts.length === 0 ? (
            <p className="twinstore-Hint">
              {trans.__('No write yet. Each write of this group leaves its receipt here.')}
            </p>
          ) : (
            <>
              <ol className="twinstore-Timeline" aria-label={trans.__('Writes, newest first')}>
                {receipts.map(receipt => (
                  <Entry key={`${receipt.run_id} ${receipt.at_us}`} receipt={receipt} trans={trans} />
                ))}
              </ol>
              {total > receipts.length && (
                <p className="twinstore-Hint">
                  {trans.__('The newest %1 of %2 writes.', grouped(receipts.length), grouped(total))}
                </p>
              )}
            </>
          )
        }
      </PolledView>
    );
  }

  private readonly _receipts: FollowingModel<IReceiptsAnswer, IGroupAnswer>;
  private readonly _trans: TranslationBundle;
}

function Entry(props: { receipt: Receipt; trans: TranslationBundle }): ReactElement {
  const { receipt, trans } = props;
  return (
    <li className="twinstore-Timeline-entry" data-operation={receipt.operation}>
      <p className="twinstore-Timeline-when">
        <Ago us={receipt.at_us} trans={trans} />{' '}
        <span>
          {trans.__('%1 by %2', receipt.operation, receipt.by)} · {span(receipt)}
        </span>
      </p>
      <p>{receiptSentence(receipt, trans)}</p>
      {receipt.resumed.length > 0 && (
        <p>
          {trans._n(
            'Finished %1 earlier run that had broken off: %2.',
            'Finished %1 earlier runs that had broken off: %2.',
            receipt.resumed.length,
            receipt.resumed.join(', ')
          )}
        </p>
      )}
      {receipt.notes.map(note => (
        <p key={note}>{note}</p>
      ))}
      <details>
        <summary>{trans.__('Figures')}</summary>
        <dl className="twinstore-Facts">
          {figures(receipt, trans).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}

/** The Delta versions that a receipt brought online. */
function span({ gap }: Receipt): string {
  return gap.from === gap.to ? `v${gap.to}` : `v${Math.max(0, gap.from)}→v${gap.to}`;
}

function figures(receipt: Receipt, trans: TranslationBundle): [string, string][] {
  const counts: [string, number][] = [
    [trans.__('rows in'), receipt.rows_in],
    [trans.__('appended'), receipt.appended],
    [trans.__('unchanged'), receipt.unchanged],
    [trans.__('written online'), receipt.written],
    [trans.__('deleted online'), receipt.deleted],
    [trans.__('late'), receipt.late],
    [trans.__('corrected'), receipt.corrected],
    [trans.__('superseded'), receipt.superseded],
    [trans.__('expired'), receipt.expired],
    [trans.__('failed'), receipt.failed],
    [trans.__('unconfirmed'), receipt.unconfirmed]
  ];
  return [
    [trans.__('run'), receipt.run_id],
    [trans.__('at'), absolute(receipt.at_us)],
    [trans.__('write time'), absolute(receipt.write_timestamp_us)],
    ...counts.map(([name, count]): [string, string] => [name, grouped(count)]),
    ...Object.entries(receipt.durations_s).map(([stage, s]): [string, string] => [stage, duration(s, trans)])
  ];
}
