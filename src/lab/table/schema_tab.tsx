import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { ITableAnswer } from '../../contract';
import type { TableModel } from './model';

/** The Schema tab: columns, properties, and what the table asks of readers and writers. */
export class SchemaTab extends VDomRenderer<TableModel> {
  constructor(
    model: TableModel,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
  }

  protected render(): ReactElement | null {
    const { data } = this.model;
    return data === null ? null : <Schema table={data} trans={this._trans} />;
  }
}

function Schema({ table, trans }: { table: ITableAnswer; trans: TranslationBundle }): ReactElement {
  const { columns, properties, protocol } = table;
  const names = Object.keys(properties).sort();
  return (
    <>
      <div className="twinstore-Scroll" tabIndex={0} role="region" aria-label={trans.__('Columns')}>
        <table className="twinstore-Table">
          <caption>{trans._n('%1 column', '%1 columns', columns.length)}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('column')}</th>
              <th scope="col">{trans.__('type')}</th>
              <th scope="col">{trans.__('null')}</th>
              <th scope="col">{trans.__('role')}</th>
              <th scope="col">{trans.__('comment')}</th>
            </tr>
          </thead>
          <tbody>
            {columns.map(({ name, type, nullable, partition, comment }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{type}</code>
                </td>
                <td>{nullable ? trans.__('allowed') : trans.__('not allowed')}</td>
                <td>{partition && trans.__('partition')}</td>
                <td>{comment}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>{trans.__('Properties')}</h2>
      {names.length === 0 ? (
        <p className="twinstore-Hint">{trans.__('The table sets none.')}</p>
      ) : (
        <dl className="twinstore-Facts">
          {names.map(name => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>
                <code>{properties[name]}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <h2>{trans.__('Protocol')}</h2>
      <dl className="twinstore-Facts">
        <dt>{trans.__('reader version')}</dt>
        <dd>{withFeatures(protocol.reader, protocol.reader_features)}</dd>
        <dt>{trans.__('writer version')}</dt>
        <dd>{withFeatures(protocol.writer, protocol.writer_features)}</dd>
        <dt>{trans.__('table id')}</dt>
        <dd>
          <code>{table.id}</code>
        </dd>
      </dl>
    </>
  );
}

function withFeatures(version: number, features: readonly string[]): string {
  return [String(version), features.join(', ')].filter(Boolean).join(': ');
}
