import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IErrorBody } from '../../contract';
import { Glyph } from './glyph';

/** What can be done about an error. */
export interface INoticeAction {
  label: string;
  run: () => void;
  /** Whether it is being done; `run` does nothing then. The button keeps the focus. */
  isPending?: boolean;
}

export interface IErrorNoticeProps {
  error: Pick<IErrorBody, 'message' | 'remedy' | 'side' | 'details'>;
  trans: TranslationBundle;
  /** Lines that were logged before it happened. */
  log?: readonly string[];
  action?: INoticeAction;
}

/** What happened, whose side it is on, what to do; the rest is folded. */
export function ErrorNotice(props: IErrorNoticeProps): ReactElement {
  const { error, trans, action } = props;
  const folded = [error.details, ...(props.log ?? [])].filter(line => line !== '').join('\n');
  const copy = (): void => {
    Clipboard.copyToSystem([error.message, error.remedy, folded].join('\n'));
  };
  return (
    <div className="twinstore-Error">
      <p className="twinstore-Error-message">
        <Glyph of="failed" /> {error.message}
      </p>
      <p>{error.remedy}</p>
      {folded !== '' && (
        <details>
          <summary>{trans.__('Details (%1)', sideWords(error.side, trans))}</summary>
          <pre tabIndex={0}>{folded}</pre>
        </details>
      )}
      <div className="twinstore-Actions">
        {action && (
          <Button className="jp-mod-styled jp-mod-accept" aria-disabled={action.isPending} onClick={action.run}>
            {action.label}
          </Button>
        )}
        <Button className="jp-mod-styled jp-mod-reject" onClick={copy}>
          {trans.__('Copy')}
        </Button>
      </div>
    </div>
  );
}

function sideWords(side: IErrorBody['side'], trans: TranslationBundle): string {
  switch (side) {
    case 'request':
      return trans.__('in the request');
    case 'store':
      return trans.__('in the store');
    case 'twinstore':
      return trans.__('in twinstore');
  }
}
