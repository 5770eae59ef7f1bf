import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { ITableAnswer, ITableFile, ITableFilesAnswer } from '../../contract';
import { Ago, PolledView } from '../components';
import type { FollowingModel } from '../following_model';
import { whenShown } from '../when_shown';
import { byteSize, grouped } from '../words';

/** The Files tab: the files that make the version, largest first. Owns its model. */
export class FilesTab extends VDomRenderer<FollowingModel<ITableFilesAnswer, ITableAnswer>> {
  constructor(
    private readonly _files: FollowingModel<ITableFilesAnswer, ITableAnswer>,
    private readonly _trans: TranslationBundle
  ) {
    super(_files);
    this.addClass('twinstore-Files');
    whenShown(this, () => _files.start());
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._files.dispose();
    super.dispose();
  }

  protected render(): ReactElement {
    const trans = this._trans;
    return (
      <PolledView model={this._files} reading={trans.__('Reading the files …')} trans={trans}>
        {answer =>
          answer.total === 0 ? (
            <p className="twinstore-Hint">{trans.__('No files: the table has no rows at this version.')}</p>
          ) : (
            <FilesTable answer={answer} trans={trans} />
          )
        }
      </PolledView>
    );
  }
}

function FilesTable({ answer, trans }: { answer: ITableFilesAnswer; trans: TranslationBundle }): ReactElement {
  const { files, total, bytes } = answer;
  const partitions = Object.keys(files[0]?.partition ?? {});
  const caption =
    files.length < total
      ? trans.__('The largest %1 of %2 files, %3 in all', grouped(files.length), grouped(total), byteSize(bytes, trans))
      : trans._n('%2 file, %3', '%2 files, %3', total, grouped(total), byteSize(bytes, trans));
  return (
    <div className="twinstore-Scroll" tabIndex={0} role="region" aria-label={trans.__('Files')}>
      <table className="twinstore-Table">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('file')}</th>
            <th scope="col" className="twinstore-mod-number">
              {trans.__('size')}
            </th>
            <th scope="col" className="twinstore-mod-number">
              {trans.__('rows')}
            </th>
            <th scope="col" className="twinstore-mod-number">
              {trans.__('deleted')}
            </th>
            {partitions.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">{trans.__('written')}</th>
          </tr>
        </thead>
        <tbody>
          {files.map(file => (
            <FileRow key={file.path} file={file} partitions={partitions} trans={trans} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FileRow(props: { file: ITableFile; partitions: readonly string[]; trans: TranslationBundle }): ReactElement {
  const { file, partitions, trans } = props;
  return (
    <tr>
      <th scope="row">
        <code>{file.path}</code>
      </th>
      <td className="twinstore-mod-number" title={trans.__('%1 bytes', grouped(file.bytes))}>
        {byteSize(file.bytes, trans)}
      </td>
      <td className="twinstore-mod-number">{file.rows === null ? trans.__('unknown') : grouped(file.rows)}</td>
      <td className="twinstore-mod-number">{grouped(file.deleted)}</td>
      {partitions.map(name => (
        <td key={name}>{file.partition[name] ?? trans.__('null')}</td>
      ))}
      <td>{file.modified_us !== null && <Ago us={file.modified_us} trans={trans} />}</td>
    </tr>
  );
}
