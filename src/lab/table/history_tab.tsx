import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { ITableAnswer, ITableCommit, ITableHistoryAnswer, Receipt } from '../../contract';
import type { IRovingFocus } from '../components';
import { Ago, PolledView, RovingList } from '../components';
import type { FollowingModel } from '../following_model';
import { whenShown } from '../when_shown';
import { grouped, receiptSentence } from '../words';
import type { TableModel } from './model';

/** The History tab: commits as a timeline, newest first; each leads to its version. Owns its model. */
export class HistoryTab extends VDomRenderer<FollowingModel<ITableHistoryAnswer, ITableAnswer>> {
  constructor(
    private readonly _history: FollowingModel<ITableHistoryAnswer, ITableAnswer>,
    private readonly _table: TableModel,
    private readonly _trans: TranslationBundle
  ) {
    super(_history);
    _table.stateChanged.connect(this.update, this);
    whenShown(this, () => _history.start());
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._table.stateChanged.disconnect(this.update, this);
    this._history.dispose();
    super.dispose();
  }

  protected render(): ReactElement {
    const trans = this._trans;
    return (
      <PolledView model={this._history} reading={trans.__('Reading the history …')} trans={trans}>
        {({ commits, watermark, receipts }) => (
          <>
            {watermark !== null && <p>{trans.__('Version %1 is the last that is wholly online.', watermark)}</p>}
            <RovingList
              className="twinstore-Timeline"
              label={trans.__('Commits, newest first')}
              items={commits}
              idOf={({ version }) => String(version)}
              draw={(commit, focus) => (
                <Commit
                  commit={commit}
                  receipt={receipts.find(({ run_id }) => run_id === commit.run_id) ?? null}
                  isWatermark={commit.version === watermark}
                  isShown={commit.version === this._table.data?.version}
                  focus={focus}
                  trans={trans}
                  onOpen={() => void this._table.travel({ version: commit.version })}
                />
              )}
            />
            <p className="twinstore-Hint">
              {(commits.at(-1)?.version ?? 0) > 0 && trans.__('Older commits are not listed.')}
            </p>
          </>
        )}
      </PolledView>
    );
  }
}

interface ICommitProps {
  commit: ITableCommit;
  receipt: Receipt | null;
  isWatermark: boolean;
  isShown: boolean;
  focus: IRovingFocus;
  trans: TranslationBundle;
  onOpen: () => void;
}

function Commit(props: ICommitProps): ReactElement {
  const { commit, receipt, trans } = props;
  const metrics = Object.entries(commit.metrics);
  const parameters = Object.entries(commit.parameters);
  return (
    <div className="twinstore-Timeline-entry" data-current={props.isShown}>
      <button
        type="button"
        className="twinstore-Commit"
        aria-current={props.isShown}
        title={trans.__('Look at version %1', commit.version)}
        onClick={props.onOpen}
        {...props.focus}
      >
        <strong>{trans.__('Version %1', commit.version)}</strong> {commit.operation ?? trans.__('unnamed operation')}{' '}
        {props.isShown && <span className="twinstore-Badge">{trans.__('shown')}</span>}{' '}
        {props.isWatermark && <span className="twinstore-Badge">{trans.__('online up to here')}</span>}
      </button>
      <p className="twinstore-Timeline-when">
        <Ago us={commit.committed_us} trans={trans} /> · {files(commit, trans)}
        {commit.engine !== null && ` · ${commit.engine}`}
      </p>
      {commit.run_id !== null && (
        <p>
          {trans.__('Run %1', commit.run_id)}
          {receipt !== null && trans.__(': %1', receiptSentence(receipt, trans))}
        </p>
      )}
      {metrics.length + parameters.length > 0 && (
        <details>
          <summary>{trans.__('Figures')}</summary>
          <dl className="twinstore-Facts">
            {[...metrics, ...parameters].map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}

function files({ files_added: added, files_removed: removed }: ITableCommit, trans: TranslationBundle): string {
  const came = trans._n('%2 file added', '%2 files added', added, grouped(added));
  return removed === 0 ? came : `${came}, ${trans.__('%1 removed', grouped(removed))}`;
}
