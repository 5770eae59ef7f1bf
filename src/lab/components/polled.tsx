import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement, ReactNode } from 'react';
import type { IPolled } from '../../tokens';
import { ErrorNotice } from './error_notice';
import { StaleAge, StaleNotice } from './marks';

export interface IPolledViewProps<T> {
  model: IPolled<T>;
  /** What is being read, such as `Reading the receipts of energy …`. */
  reading: string;
  trans: TranslationBundle;
  children: (data: T) => ReactNode;
}

/** Data in each state that it can be in: being read, refused, there, or there but old. */
export function PolledView<T>(props: IPolledViewProps<T>): ReactElement {
  const { model, trans } = props;
  const { data, error, readUs } = model;
  const retry = (): void => void model.refresh();
  const isThere = data !== null && readUs !== null;
  return (
    <>
      <div role="status">
        {!isThere && error === null && <p className="twinstore-Hint">{props.reading}</p>}
        {!isThere && error !== null && (
          <ErrorNotice error={error} trans={trans} action={{ label: trans.__('Try again'), run: retry }} />
        )}
        {isThere && error !== null && <StaleNotice error={error} />}
      </div>
      {isThere && error !== null && <StaleAge readUs={readUs} trans={trans} onRetry={retry} />}
      {isThere && <div className={error === null ? undefined : 'twinstore-mod-stale'}>{props.children(data)}</div>}
    </>
  );
}
