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
  return (
    <time dateTime={new Date(us / 1000).toISOString()} title={absolute(us)}>
      {ago(us, useNowUs(), trans)}
    </time>
  );
}

export interface IStaleNoticeProps {
  error: TwinstoreError;
  readUs: number;
  trans: TranslationBundle;
  onRetry: () => void;
}

/** Says that what is shown is old, how old, and why. */
export function StaleNotice({ error, readUs, trans, onRetry }: IStaleNoticeProps): ReactElement {
  return (
    <div className="twinstore-Stale">
      <span>
        {trans.__('As of %1.', ago(readUs, useNowUs(), trans))} {error.message} {error.remedy}
      </span>
      <Button className="jp-mod-styled jp-mod-reject" onClick={onRetry}>
        {trans.__('Try again')}
      </Button>
    </div>
  );
}
