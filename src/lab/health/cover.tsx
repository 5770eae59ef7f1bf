import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import { Ago, Code, ErrorNotice } from '../components';
import type { INoticeAction } from '../components';
import type { HealthModel } from './model';

/** What stands in place of the sections for as long as nothing in them can work, and what to do about it. */
export class HealthCover extends VDomRenderer<HealthModel> {
  constructor(model: HealthModel, trans: TranslationBundle) {
    super(model);
    this._trans = trans;
    this.addClass('twinstore-Cover');
  }

  protected render(): ReactElement {
    const { readUs, phase } = this.model;
    return (
      <>
        <div aria-live="polite">{this._draw()}</div>
        {phase === 'lost' && readUs !== null && (
          <p className="twinstore-Hint">
            {this._trans.__('It last answered')} <Ago us={readUs} trans={this._trans} />
          </p>
        )}
      </>
    );
  }

  private _draw(): ReactElement | null {
    const trans = this._trans;
    const { model } = this;
    switch (model.phase) {
      case 'ready':
      case 'unconfigured': // What is shown then is the first-use plugin's.
        return null;
      case 'loading':
        return <p className="twinstore-Hint">{trans.__('Asking Jupyter Server how twinstore is …')}</p>;
      case 'starting':
        return <Starting model={model} trans={trans} />;
      case 'failed':
        return (
          <>
            <h2>
              {model.data?.status.companion === 'failed'
                ? trans.__('The companion has stopped')
                : trans.__('The companion does not answer')}
            </h2>
            <Trouble
              model={model}
              trans={trans}
              log={model.data?.status.log}
              action={{
                label: model.isRestarting ? trans.__('Restarting …') : trans.__('Restart'),
                run: () => void model.restart(),
                isPending: model.isRestarting
              }}
            />
            {model.refusal && <ErrorNotice error={model.refusal} trans={trans} />}
          </>
        );
      case 'misconfigured':
        return <Halted model={model} trans={trans} heading={trans.__('The settings cannot be used')} />;
      case 'forbidden':
        return <Halted model={model} trans={trans} heading={trans.__('No permission')} />;
      case 'missing':
        return <Halted model={model} trans={trans} heading={trans.__('The server half is missing')} />;
      case 'lost':
        return (
          <>
            <h2>{trans.__('No answer from Jupyter Server')}</h2>
            <Trouble
              model={model}
              trans={trans}
              action={{ label: trans.__('Try again'), run: () => void model.refresh() }}
            />
          </>
        );
    }
  }

  private readonly _trans: TranslationBundle;
}

interface IPartProps {
  model: HealthModel;
  trans: TranslationBundle;
}

function Trouble(props: IPartProps & { log?: readonly string[]; action: INoticeAction }): ReactElement | null {
  const error = props.model.trouble;
  return error && <ErrorNotice error={error} trans={props.trans} log={props.log} action={props.action} />;
}

/** What somebody has to put right elsewhere, before another look is worth it. */
function Halted({ heading, model, trans }: IPartProps & { heading: string }): ReactElement {
  return (
    <>
      <h2>{heading}</h2>
      {model.data?.status.config && (
        <p>
          {trans.__('Settings in use:')} <Code text={model.data.status.config} />
        </p>
      )}
      <Trouble
        model={model}
        trans={trans}
        action={{ label: trans.__('Look again'), run: () => void model.refresh() }}
      />
    </>
  );
}

function Starting({ model, trans }: IPartProps): ReactElement {
  const log = model.data?.status.log ?? [];
  return (
    <>
      <p className="twinstore-Hint">{trans.__('The companion is starting: it reads both stores for this view …')}</p>
      {log.length > 0 && <pre tabIndex={0}>{log.slice(-10).join('\n')}</pre>}
    </>
  );
}
