import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IColumnStatistics } from '../../contract';
import { ErrorNotice, StaleAge, StaleNotice } from '../components';
import { whenShown } from '../when_shown';
import { byteSize, duration, grouped, rounded } from '../words';
import { Distribution } from './distribution';
import { ReadingLine } from './reading_line';
import type { StatisticsModel } from './statistics_model';

/** The Statistics tab: each column's nulls, bounds, mean and distribution. Owns its model. */
export class StatisticsTab extends VDomRenderer<StatisticsModel> {
  constructor(
    private readonly _statistics: StatisticsModel,
    private readonly _trans: TranslationBundle
  ) {
    super(_statistics);
    whenShown(this, () => _statistics.start());
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._statistics.dispose();
    super.dispose();
  }

  protected render(): ReactElement {
    const trans = this._trans;
    const model = this._statistics;
    const { statistics, error, phase } = model;
    const { data } = model.table;
    const read = (): void => void model.read();
    return (
      <>
        <ReadingLine model={model} what={trans.__('Reading every row …')} trans={trans} />
        <div role="status">
          {data?.refusal && <ErrorNotice error={data.refusal} trans={trans} />}
          {error && statistics && <StaleNotice error={error} />}
          {error && !statistics && (
            <ErrorNotice error={error} trans={trans} action={{ label: trans.__('Try again'), run: read }} />
          )}
          {phase === 'stopped' && <p>{trans.__('Stopped before every row was read.')}</p>}
        </div>
        {error && statistics && <StaleAge readUs={model.readUs} trans={trans} onRetry={read} />}
        {phase !== 'reading' && data !== null && data.refusal === null && !model.isCurrent && (
          <p>
            {data.bytes === null
              ? trans.__('For these figures every row of version %1 is read.', data.version)
              : trans.__(
                  'For these figures every row of version %1 is read, %2.',
                  data.version,
                  byteSize(data.bytes, trans)
                )}{' '}
            <Button className="jp-mod-styled jp-mod-accept" onClick={read}>
              {trans.__('Read statistics')}
            </Button>
          </p>
        )}
        {statistics && (
          <div className={model.isCurrent ? undefined : 'twinstore-mod-stale'}>
            <p>
              {trans.__(
                'Of %1 rows at version %2; read %3 in %4.',
                grouped(statistics.rows),
                statistics.version,
                byteSize(statistics.bytes, trans),
                duration(statistics.took_ms / 1000, trans)
              )}
            </p>
            <ul className="twinstore-Statistics">
              {statistics.columns.map(column => (
                <li key={column.column}>
                  <Column about={column} rows={statistics.rows} trans={trans} />
                </li>
              ))}
            </ul>
          </div>
        )}
      </>
    );
  }
}

interface IColumnProps {
  about: IColumnStatistics;
  rows: number;
  trans: TranslationBundle;
}

function Column({ about, rows, trans }: IColumnProps): ReactElement {
  const { column, type, nulls, min, max, mean } = about;
  const share = rows === 0 ? 0 : (100 * nulls) / rows;
  return (
    <section aria-label={column}>
      <h2>
        {column} <span className="twinstore-Hint">{type}</span>
      </h2>
      <dl className="twinstore-Facts">
        <dt>{trans.__('nulls')}</dt>
        <dd>{nulls === 0 ? trans.__('none') : trans.__('%1 (%2 %)', grouped(nulls), share.toPrecision(2))}</dd>
        {min !== null && (
          <>
            <dt>{trans.__('least')}</dt>
            <dd>{min}</dd>
          </>
        )}
        {max !== null && (
          <>
            <dt>{trans.__('greatest')}</dt>
            <dd>{max}</dd>
          </>
        )}
        {mean !== null && (
          <>
            <dt>{isFiniteBound(min) && isFiniteBound(max) ? trans.__('mean') : trans.__('mean of finite values')}</dt>
            <dd>{rounded(mean)}</dd>
          </>
        )}
      </dl>
      <Distribution about={about} trans={trans} />
    </section>
  );
}

/** Whether a bound is neither NaN nor infinite; either would be the least or the greatest value. */
function isFiniteBound(bound: string | null): boolean {
  return bound === null || !/^(NaN|-?Infinity)$/.test(bound);
}
