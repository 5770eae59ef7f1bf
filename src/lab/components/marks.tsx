import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { GroupState, TwinstoreError } from '../../contract';
import { absolute, ago } from '../words';
import { useNowUs } from './clock';
import { Glyph } from './glyph';

/** A state as glyph and words; the glyph says nothing that the words do not. */
export function StateMark({ state, words }: { state: GroupState; words: string }): ReactElement {
  return (
    <span className="twinstore-State" data-state={state}>
      <Glyph of={state} /> <span className="twinstore-State-words">{words}</span>
    </span>
  );
}

/** What is typed as it stands, in any language. */
export function Code({ text }: { text: string }): ReactElement {
  return <code>{text}</code>;
}

/** How long ago; the absolute time on hover. */
export function Ago({ us, trans }: { us: number; trans: TranslationBundle }): ReactElement {
  const at = absolute(us);
  return (
    <time dateTime={at.replace(' UTC', 'Z')} title={at}>
      {ago(us, useNowUs(), trans)}
    </time>
  );
}

/** Says why what is shown is old. */
export function StaleNotice({ error }: { error: TwinstoreError }): ReactElement {
  return (
    <div className="twinstore-Stale">
      {error.message} {error.remedy}
    </div>
  );
}

export interface IStaleAgeProps {
  readUs: number;
  trans: TranslationBundle;
  onRetry: () => void;
}

/** Says how old what is shown is: outside of any live region, which would announce it again and again. */
export function StaleAge({ readUs, trans, onRetry }: IStaleAgeProps): ReactElement {
  return (
    <div className="twinstore-Stale">
      {trans.__('As of %1.', ago(readUs, useNowUs(), trans))}{' '}
      <Button className="jp-mod-styled jp-mod-reject" onClick={onRetry}>
        {trans.__('Try again')}
      </Button>
    </div>
  );
}
