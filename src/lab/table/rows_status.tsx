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
        {phase === 'stopped' && (
          <p>
            {shown !== null && model.isCurrent
              ? trans.__('Stopped: the %1 rows that had arrived.', grouped(shown.rows.length))
              : trans.__('Stopped before any row arrived.')}{' '}
            <Button className="jp-mod-styled jp-mod-reject" onClick={model.canReadOn ? on : again}>
              {model.canReadOn ? trans.__('Read on') : trans.__('Read again')}
            </Button>
          </p>
        )}
        {phase === 'done' && shown?.end && (
          <p className="twinstore-RowsStatus-what">{what(shown.end, shown.where, trans)}</p>
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
      {error && !isTold && shown && <StaleAge readUs={shown.readUs} trans={trans} onRetry={again} />}
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

function what(end: IPreviewEnd, where: string, trans: TranslationBundle): string {
  const { rows, total, files_read, files_total, bytes, requests, took_ms } = end;
  const cost = trans.__(
    'Version %1 · %2 of %3 files, %4 in %5 requests, %6.',
    end.version,
    grouped(files_read),
    grouped(files_total),
    byteSize(bytes, trans),
    grouped(requests),
    duration(took_ms / 1000, trans)
  );
  if (rows === 0) {
    const none =
      where === ''
        ? trans.__('The table has no rows at this version: what is written to it will be here.')
        : end.complete
          ? trans.__('No row satisfies this condition.')
          : trans.__('No row was found that satisfies this condition.');
    return `${none} ${cost}`;
  }
  const of =
    end.complete && where === ''
      ? trans._n('The only row', 'All %2 rows', rows, grouped(rows))
      : end.complete
        ? trans._n('The only row that satisfies it', 'All %2 rows that satisfy it', rows, grouped(rows))
        : total === null || where !== ''
          ? trans._n('%2 row', '%2 rows', rows, grouped(rows))
          : trans.__('%1 of %2 rows', grouped(rows), grouped(total));
  // Which rows they are is worth a word only when there are others.
  return end.complete ? `${of}. ${cost}` : `${of}: ${end.what}. ${cost}`;
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
