import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { FeatureGroupDefinition, GroupColumn } from '../../contract';
import type { IGroupContext } from '../../tokens';

/** The Definition tab: every column with its type and its part in the group. */
export class DefinitionTab extends ReactWidget {
  constructor(group: IGroupContext, trans: TranslationBundle) {
    super();
    this._group = group;
    this._trans = trans;
    this.addClass('twinstore-Definition');
  }

  protected render(): ReactElement {
    const trans = this._trans;
    return (
      <UseSignal signal={this._group.stateChanged}>
        {() => {
          const { data } = this._group;
          if (data === null) {
            return <p className="twinstore-Hint">{trans.__('Reading the definition …')}</p>;
          }
          const { definition, table_id: tableId } = data;
          return (
            <>
              <table className="twinstore-Table">
                <caption>{trans._n('%1 column', '%1 columns', definition.columns.length)}</caption>
                <thead>
                  <tr>
                    <th scope="col">{trans.__('Column')}</th>
                    <th scope="col">{trans.__('Type')}</th>
                    <th scope="col">{trans.__('Part')}</th>
                  </tr>
                </thead>
                <tbody>
                  {definition.columns.map(column => (
                    <tr key={column.name}>
                      <th scope="row">{column.name}</th>
                      <td>
                        <code>{column.type}</code>
                      </td>
                      <td>{part(column, definition, trans)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <dl className="twinstore-Facts">
                <dt>{trans.__('Offline')}</dt>
                <dd>
                  <code>{definition.offline}</code>
                </dd>
                <dt>{trans.__('Online')}</dt>
                <dd>
                  <code>{definition.online}</code>
                </dd>
                <dt>{trans.__('Delta table id')}</dt>
                <dd>
                  <code>{tableId}</code>
                </dd>
              </dl>
            </>
          );
        }}
      </UseSignal>
    );
  }

  private readonly _group: IGroupContext;
  private readonly _trans: TranslationBundle;
}

function part(column: GroupColumn, definition: FeatureGroupDefinition, trans: TranslationBundle): string {
  if (definition.keys.includes(column.name)) {
    return trans.__('key');
  }
  if (column.name === definition.event_timestamp) {
    return trans.__('event time');
  }
  return column.tolerance === undefined
    ? trans.__('feature')
    : trans.__('feature, compared within ±%1', column.tolerance);
}
