import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { ITableAnswer } from '../../contract';
import { PolledView } from '../components';
import { byteSize, grouped } from '../words';
import type { TableModel } from './model';
import { VersionPicker } from './version_picker';

/** The head of the Table view: what the table is, and which version of it is looked at. */
export class TableHeader extends VDomRenderer<TableModel> {
  constructor(
    model: TableModel,
    private readonly _options: TableHeader.IOptions
  ) {
    super(model);
    this.addClass('twinstore-ViewHeader');
  }

  protected render(): ReactElement {
    const { model } = this;
    const { trans } = this._options;
    return (
      <>
        <div className="twinstore-ViewHeader-title">
          <h1>{model.data?.name ?? nameOf(model.location)}</h1>
          <code>{model.location}</code>
        </div>
        <PolledView model={model} reading={trans.__('Reading table %1 …', model.location)} trans={trans}>
          {table => (
            <>
              {table.description !== null && <p>{table.description}</p>}
              <p className="twinstore-ViewHeader-facts">{facts(table, trans).join(' · ')}</p>
              <div className="twinstore-Actions">
                <Button className="jp-mod-styled jp-mod-reject" onClick={this._options.onInsertCode}>
                  {trans.__('Insert code')}
                </Button>
                <Group name={table.group} trans={trans} onOpen={this._options.onOpenGroup} />
              </div>
            </>
          )}
        </PolledView>
        <VersionPicker model={model} trans={trans} />
      </>
    );
  }
}

export namespace TableHeader {
  export interface IOptions {
    trans: TranslationBundle;
    onOpenGroup: (group: string) => void;
    onInsertCode: () => void;
  }
}

/** Last part of a location. */
export function nameOf(location: string): string {
  return location.split('/').pop() || location;
}

function Group(props: {
  name: string | null;
  trans: TranslationBundle;
  onOpen: (group: string) => void;
}): ReactElement | null {
  const { name } = props;
  return name === null ? null : (
    <Button className="jp-mod-styled jp-mod-reject" onClick={() => props.onOpen(name)}>
      {props.trans.__('Open feature group %1', name)}
    </Button>
  );
}

function facts(table: ITableAnswer, trans: TranslationBundle): string[] {
  const { rows, files, bytes, columns } = table;
  const partitions = columns.filter(({ partition }) => partition).map(({ name }) => name);
  return [
    ...(rows === null ? [] : [trans._n('%2 row', '%2 rows', rows, grouped(rows))]),
    ...(files === null ? [] : [trans._n('%2 file', '%2 files', files, grouped(files))]),
    ...(bytes === null ? [] : [byteSize(bytes, trans)]),
    trans._n('%2 column', '%2 columns', columns.length, grouped(columns.length)),
    ...(partitions.length === 0 ? [] : [trans.__('partitioned by %1', partitions.join(', '))])
  ];
}
