import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IPreviewEnd } from '../../contract';
import { ErrorNotice, StaleAge, StaleNotice } from '../components';
import { byteSize, duration, grouped } from '../words';
import { ReadingLine } from './reading_line';
import type { IShownRows, RowsModel } from './rows_model';

/** What the rows are that are shown, and what became of the last wish. */
export function RowsStatus({ model, trans }: { model: RowsModel; trans: TranslationBundle }): ReactElement {
  const { shown, phase, error, wish } = model;
  const { data } = model.table;
  const again = (): void => void model.read();
  const on = (): void => void model.readOn();
  // What is wrong with a condition is told below it.
  const isTold = model.isConditionRefused;
  const order = shown === null ? '' : orderWords(shown, trans);
  const asTheyCome = (): void => void (shown?.rows.sorted ? model.sort(null) : model.ask({ order: null }));
  return (
    <div className="twinstore-RowsStatus">
      <ReadingLine model={model} what={trans.__('Reading rows …')} trans={trans} />
      <div role="status">
        {data?.refusal && <ErrorNotice error={data.refusal} trans={trans} />}
        {error && !isTold && !shown && (
          <ErrorNotice error={error} trans={trans} action={{ label: trans.__('Try again'), run: again }} />
        )}
        {error && !isTold && shown && <StaleNotice error={error} />}
        {shown && phase === 'failed' && model.isPartial && (
          <p>
            {trans.__('Shown are the %1 rows that had arrived.', grouped(shown.rows.length))}{' '}
            <Button className="jp-mod-styled jp-mod-reject" onClick={again}>
              {trans.__('Try again')}
            </Button>
          </p>
        )}
        {shown && !model.isCurrent && phase !== 'reading' && <p>{before(shown, trans)}</p>}
        {phase === 'stopped' && (
          <p>
            {shown !== null && model.isPartial
              ? trans.__('Stopped: the %1 rows that had arrived.', grouped(shown.rows.length))
              : trans.__('Stopped before any row arrived.')}{' '}
            <Button className="jp-mod-styled jp-mod-reject" onClick={model.canReadOn ? on : again}>
              {model.canReadOn ? trans.__('Read on') : trans.__('Read again')}
            </Button>
          </p>
        )}
        {phase === 'done' && shown?.end && (
          <p className="twinstore-RowsStatus-what">
            <strong>{what(shown.end, shown, trans)}</strong>{' '}
            {isAny(shown.end, shown) && (
              <>
                <Button className="jp-mod-styled jp-mod-reject" onClick={() => void model.ask({ window: 'first' })}>
                  {trans.__('Show the first rows')}
                </Button>{' '}
              </>
            )}
            <span className="twinstore-Hint" title={shown.end.what}>
              {how(shown.end, trans)}
            </span>
          </p>
        )}
        {data && shown && data.version !== shown.version && phase !== 'reading' && (
          <p>
            {trans.__('Version %1 is looked at; these rows are of version %2.', data.version, shown.version)}{' '}
            {error === null && (
              <Button className="jp-mod-styled jp-mod-reject" onClick={again}>
                {trans.__('Show version %1', data.version)}
              </Button>
            )}
          </p>
        )}
      </div>
      {error && !isTold && shown && !model.isPartial && (
        <StaleAge readUs={shown.readUs} trans={trans} onRetry={again} />
      )}
      {(order !== '' || wish.order !== null) && (
        <p>
          {order}{' '}
          <Button className="jp-mod-styled jp-mod-reject" onClick={asTheyCome}>
            {trans.__('As they come')}
          </Button>
        </p>
      )}
    </div>
  );
}

/** Whether they are just those of the table that are quickest to read. */
function isAny({ rows, complete }: IPreviewEnd, { where, order, window }: IShownRows): boolean {
  return rows > 0 && !complete && where === '' && order === null && window === 'cheapest';
}

/** Which rows are shown, in one line. */
function what(end: IPreviewEnd, shown: IShownRows, trans: TranslationBundle): string {
  const { rows, total, complete } = end;
  const { where, order } = shown;
  const count = grouped(rows);
  if (rows === 0) {
    return where === ''
      ? trans.__('The table has no rows at this version: what is written to it will be here.')
      : complete
        ? trans.__('No row satisfies this condition.')
        : trans.__('No row was found that satisfies this condition.');
  }
  if (where !== '') {
    return complete
      ? trans._n('The only row that satisfies it.', 'All %2 rows that satisfy it.', rows, count)
      : trans._n('A row that satisfies it.', '%2 rows that satisfy it; there may be more.', rows, count);
  }
  if (complete) {
    return trans._n('The only row.', 'All %2 rows.', rows, count);
  }
  const of =
    total === null ? trans._n('%2 row', '%2 rows', rows, count) : trans.__('%1 of %2 rows', count, grouped(total));
  return isAny(end, shown)
    ? trans.__('%1: those that are quickest to read.', of)
    : order === null
      ? trans.__('The first %1.', of)
      : `${of}.`;
}

/** Which rows are shown still, those of a reading before the one that was asked for last. */
function before({ rows, where }: IShownRows, trans: TranslationBundle): string {
  const count = grouped(rows.length);
  return where === ''
    ? trans._n(
        'Shown is %2 row that was read before, without a condition.',
        'Shown are %2 rows that were read before, without a condition.',
        rows.length,
        count
      )
    : trans._n(
        'Shown is %2 row that was read before, by %3.',
        'Shown are %2 rows that were read before, by %3.',
        rows.length,
        count,
        where
      );
}

/** What reading them took. */
function how(end: IPreviewEnd, trans: TranslationBundle): string {
  return trans.__(
    'Version %1 · %2 of %3 files, %4 in %5 requests, %6.',
    end.version,
    grouped(end.files_read),
    grouped(end.files_total),
    byteSize(end.bytes, trans),
    grouped(end.requests),
    duration(end.took_ms / 1000, trans)
  );
}

/** Which rows they are, and how they are shown. */
function orderWords({ order, rows, columns }: IShownRows, trans: TranslationBundle): string {
  const direction = (descending: boolean): string => (descending ? trans.__('descending') : trans.__('ascending'));
  const by = rows.sorted?.by;
  return [
    order && trans.__('The first rows of the whole table by %1, %2.', order.column, direction(order.descending)),
    by && trans.__('These rows by %1, %2.', columns[by.column]?.name ?? '', direction(by.descending))
  ]
    .filter(Boolean)
    .join(' ');
}
