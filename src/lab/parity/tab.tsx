import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IGroupAnswer, ColumnComparison, IProofsAnswer, Offender, ParityReport } from '../../contract';
import { Ago, PolledView, StateMark } from '../components';
import type { FollowingModel } from '../following_model';
import { VERDICT_STATE } from '../signs';
import { grouped, stateWords, verdictSentence } from '../words';
import { StateBar } from './state_bar';

/** The Parity tab: the last proof that counts, verdict first, then where the twins differ, then the rows. Owns its model. */
export class ParityTab extends VDomRenderer<FollowingModel<IProofsAnswer, IGroupAnswer>> {
  constructor(model: FollowingModel<IProofsAnswer, IGroupAnswer>, trans: TranslationBundle) {
    super(model);
    this._proofs = model;
    this._trans = trans;
    this.addClass('twinstore-Parity');
  }

  override dispose(): void {
    this._proofs.dispose();
    super.dispose();
  }

  protected render(): ReactElement {
    const trans = this._trans;
    return (
      <PolledView model={this._proofs} reading={trans.__('Reading the last proof …')} trans={trans}>
        {({ proofs: [newest], last_proof: last }) =>
          newest === undefined ? (
            <p className="twinstore-Hint">
              {trans.__('Never proved. “Prove now” compares both stores row by row; the proof is kept here.')}
            </p>
          ) : (
            <>
              {last !== null && last.id !== newest.id && (
                <p className="twinstore-Hint">
                  {trans.__('A newer proof was inconclusive:')} {verdictSentence(newest, trans)}{' '}
                  <Ago us={newest.at_us} trans={trans} />
                </p>
              )}
              <Report report={last ?? newest} trans={trans} />
            </>
          )
        }
      </PolledView>
    );
  }

  private readonly _proofs: FollowingModel<IProofsAnswer, IGroupAnswer>;
  private readonly _trans: TranslationBundle;
}

interface IReportProps {
  report: ParityReport;
  trans: TranslationBundle;
}

function Report({ report, trans }: IReportProps): ReactElement {
  const { coverage } = report;
  const parts = [
    report.version === null ? trans.__('nothing online yet') : trans.__('anchor v%1', report.version),
    coverage.how,
    coverage.keys_total === null || coverage.keys_total === coverage.keys_compared
      ? trans.__('%1 keys', grouped(coverage.keys_compared))
      : trans.__('%1 of %2 keys', grouped(coverage.keys_compared), grouped(coverage.keys_total)),
    coverage.extra_checked ? trans.__('extra rows looked for') : trans.__('extra rows not looked for')
  ];
  return (
    <>
      <p className="twinstore-Parity-verdict">
        <StateMark state={VERDICT_STATE[report.verdict]} words={verdictSentence(report, trans)} />
      </p>
      <p className="twinstore-Hint">
        <Ago us={report.at_us} trans={trans} /> {trans.__('by %1', report.by)} · {parts.join(' · ')} · {report.engine}
      </p>
      {report.notes.map(note => (
        <p key={note}>{note}</p>
      ))}
      <StateBar counts={report.states} trans={trans} />
      <Columns report={report} trans={trans} />
      <Offenders report={report} trans={trans} />
    </>
  );
}

/** Columns that differ, worst first. */
function Columns({ report, trans }: IReportProps): ReactElement | null {
  const differing = report.columns
    .map(column => ({ column, rows: differences(column) }))
    .filter(({ rows }) => rows > 0)
    .sort((a, b) => b.rows - a.rows);
  if (differing.length === 0) {
    return null;
  }
  return (
    <div className="twinstore-Scroll" tabIndex={0} role="group" aria-label={trans.__('Columns that differ')}>
      <table className="twinstore-Table">
        <caption>{trans.__('Columns that differ')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Column')}</th>
            <th scope="col">{trans.__('Rows')}</th>
            <th scope="col">{trans.__('Null on one side')}</th>
            <th scope="col">{trans.__('Largest difference')}</th>
          </tr>
        </thead>
        <tbody>
          {differing.map(({ column, rows }) => (
            <tr key={column.name}>
              <th scope="row">{column.name}</th>
              <td className="twinstore-mod-number">{grouped(rows)}</td>
              <td className="twinstore-mod-number">{grouped(column.offline_only_null + column.online_only_null)}</td>
              <td className="twinstore-mod-number">{column.max_abs ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function differences(column: ColumnComparison): number {
  return column.value_mismatch + column.type_mismatch + column.offline_only_null + column.online_only_null;
}

/** Rows that differ, with both values. */
function Offenders({ report, trans }: IReportProps): ReactElement | null {
  const { shown, total } = report.offenders;
  if (total === 0) {
    return null;
  }
  return (
    <div className="twinstore-Scroll" tabIndex={0} role="group" aria-label={trans.__('Rows that differ')}>
      <table className="twinstore-Table">
        <caption>
          {shown.length < total
            ? trans.__('Rows that differ, %1 of %2', grouped(shown.length), grouped(total))
            : trans.__('Rows that differ')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Key')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Offline')}</th>
            <th scope="col">{trans.__('Online')}</th>
            <th scope="col">{trans.__('Why')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(offender => {
            const key = Object.values(offender.key).join(', ');
            return (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td>{stateWords(offender.state, trans)}</td>
                <td>
                  <Values offender={offender} side="offline" trans={trans} />
                </td>
                <td>
                  <Values offender={offender} side="online" trans={trans} />
                </td>
                <td>{offender.reason}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The differing values of one side; a missing row and a null are not the same. */
function Values(props: { offender: Offender; side: 'offline' | 'online'; trans: TranslationBundle }): ReactElement {
  const { offender, side, trans } = props;
  const row = offender[side];
  if (row === null) {
    return <em>{trans.__('no row')}</em>;
  }
  return (
    <>
      {offender.columns.map(name => (
        <div key={name}>
          {name}: {row[name] ?? <em>{String(null)}</em>}
        </div>
      ))}
    </>
  );
}
