import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ReactElement } from 'react';
import { Fragment } from 'react';
import { Code, ErrorNotice, JobProgress } from '../components';
import { ConnectForm } from './connect_form';
import type { FirstUseModel } from './model';

/** What stands in the sidebar of somebody who has no settings yet. */
export class FirstUse extends VDomRenderer<FirstUseModel> {
  constructor(model: FirstUseModel, trans: TranslationBundle) {
    super(model);
    this._trans = trans;
    this.addClass('twinstore-Cover');
  }

  protected render(): ReactElement {
    const trans = this._trans;
    const { model } = this;
    return (
      <>
        <h2>{trans.__('One DataFrame, two stores, one verdict')}</h2>
        <p>
          {trans.__(
            'Twinstore writes a feature group once and lands it in two stores: Delta Lake keeps its history, Cassandra the latest row of each entity. Then it proves, row by row, that the two agree.'
          )}
        </p>
        <Missing model={model} trans={trans} />
        {model.isConnecting ? (
          <ConnectForm trans={trans} onConnect={answers => model.connect(answers)} onCancel={() => this._cancel()} />
        ) : (
          <Ways model={model} trans={trans} />
        )}
        <div role="status" aria-live="polite">
          {model.refusal && <ErrorNotice error={model.refusal} trans={trans} />}
        </div>
      </>
    );
  }

  protected override onUpdateRequest(msg: Message): void {
    super.onUpdateRequest(msg);
    if (this._hasCancelled) {
      this._hasCancelled = false;
      void this.renderPromise?.then(() => this.node.querySelector<HTMLElement>('.twinstore-mod-connect')?.focus());
    }
  }

  /** Leave the form; the focus goes back to what opened it. */
  private _cancel(): void {
    this._hasCancelled = true;
    this.model.isConnecting = false;
  }

  private readonly _trans: TranslationBundle;
  private _hasCancelled = false;
}

interface IPartProps {
  model: FirstUseModel;
  trans: TranslationBundle;
}

/** Which files would be the settings. */
function Missing({ model, trans }: IPartProps): ReactElement {
  const { config_candidates: candidates = [], config_is_named: isNamed } = model.status ?? {};
  return (
    <p>
      {isNamed ? (
        <>
          <Code text="TWINSTORE_CONFIG" /> {trans.__('names a file that does not exist:')}
        </>
      ) : (
        trans.__('It does not know your stores yet: there is no')
      )}{' '}
      {candidates.map((path, i) => (
        <Fragment key={path}>
          {i > 0 && ` ${trans.__('and no')} `}
          <Code text={path} />
        </Fragment>
      ))}
    </p>
  );
}

/** What stays of a start that was stopped, and how to go on. */
function Stopped({ trans }: { trans: TranslationBundle }): ReactElement {
  return (
    <p>
      {trans.__(
        'The start was stopped, and with it what it had started. Downloads, notebooks and the files of the stack stay: start it again to go on from there, or take its files away by'
      )}{' '}
      <Code text="twinstore stack down --delete" />
    </p>
  );
}

/** The two ways to begin. */
function Ways({ model, trans }: IPartProps): ReactElement {
  const { demo } = model;
  const isStarting = demo?.state === 'running';
  return (
    <>
      <h3>{trans.__('Try it on this machine')}</h3>
      <p>
        {trans.__(
          'Cassandra and an S3 server of your own, with the readings of 200 households, and copies of the example notebooks in the folder “notebooks”. It takes about 1 GB of memory and runs until you stop it, by'
        )}{' '}
        <Code text="twinstore stack down" />
      </p>
      {isStarting ? (
        <JobProgress job={demo} trans={trans} onStop={id => void model.stopDemo(id)} />
      ) : (
        <div className="twinstore-Actions">
          <Button className="jp-mod-styled jp-mod-accept" onClick={() => void model.startDemo()}>
            {trans.__('Start the demo stack')}
          </Button>
        </div>
      )}
      <div role="status" aria-live="polite">
        {demo?.state === 'failed' && demo.error && <ErrorNotice error={demo.error} trans={trans} />}
        {demo?.state === 'stopped' && <Stopped trans={trans} />}
      </div>
      <h3>{trans.__('Use stores of your own')}</h3>
      <div className="twinstore-Actions">
        <Button
          className="jp-mod-styled jp-mod-reject twinstore-mod-connect"
          aria-disabled={isStarting}
          onClick={() => model.openForm()}
        >
          {trans.__('Connect…')}
        </Button>
        <Button className="jp-mod-styled jp-mod-reject" onClick={() => void model.lookAgain()}>
          {trans.__('Look again')}
        </Button>
      </div>
    </>
  );
}
