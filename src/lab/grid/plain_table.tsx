import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import { grouped } from '../words';
import type { IGridColumn } from './columns';
import { hasOrder, isNumeric, typeLine } from './columns';
import type { ArrowGridModel } from './grid_model';

/** Rows that a plain table shows. */
export const PLAIN_ROWS = 200;

/** The same in every language. */
const NULL = 'null';

/** The first rows as a table of the page: for screen readers, for search in the page, for copying as it stands. */
export class PlainTable extends ReactWidget {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _label: string
  ) {
    super();
    this.addClass('twinstore-PlainTable');
  }

  setModel(model: ArrowGridModel): void {
    this._model?.changed.disconnect(this.update, this);
    this._model = model;
    model.changed.connect(this.update, this);
    this.update();
  }

  protected render(): ReactElement | null {
    const model = this._model;
    // Nobody sees it most of the time, and then it must cost nothing.
    if (model === null || this.isHidden) {
      return null;
    }
    const trans = this._trans;
    const { rows, columns } = model;
    const shown = Math.min(PLAIN_ROWS, rows.length);
    return (
      <div className="twinstore-Scroll" tabIndex={0} role="region" aria-label={this._label}>
        <table className="twinstore-Table">
          <caption>
            {shown < rows.length
              ? trans.__('The first %1 of %2 rows', grouped(shown), grouped(rows.length))
              : trans._n('%2 row', '%2 rows', shown, grouped(shown))}
          </caption>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={index} scope="col" className={kindOf(column)}>
                  <strong>{model.data('column-header', 0, index)}</strong>
                  <br />
                  {typeLine(column, trans)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: shown }, (_, row) => (
              <tr key={row}>
                {columns.map((column, index) => {
                  // The beginning of a long text: all of it would take the page.
                  const text = rows.start(row, index);
                  return (
                    <td key={index} className={kindOf(column)}>
                      {text ?? <em>{NULL}</em>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }

  protected override onAfterShow(): void {
    this.update();
  }

  private _model: ArrowGridModel | null = null;
}

/** How values of a column stand: numbers flush right, and texts broken where they are long. */
function kindOf(column: IGridColumn): string | undefined {
  const isText = !hasOrder(column) || column.type === 'string' || column.type === 'binary';
  return isNumeric(column) ? 'twinstore-mod-number' : isText ? 'twinstore-mod-text' : undefined;
}
