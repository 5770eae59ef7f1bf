import type { Contents } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';

/** Folders of the server's root in which notebooks are offered. */
const FOLDERS = ['notebooks', ''];

/** What to offer first, where it is there. */
const FIRST = 'energy_features.ipynb';

/** The notebooks that can be run from the sidebar. */
export class NotebooksModel extends VDomModel {
  constructor(contents: Contents.IManager) {
    super();
    this._contents = contents;
    this._contents.fileChanged.connect(this._onFileChanged, this);
  }

  /** Paths from the server's root. */
  get paths(): readonly string[] {
    return this._paths;
  }

  /** The one that *Run* runs; null while there is none. */
  get chosen(): string | null {
    return this._chosen !== null && this._paths.includes(this._chosen) ? this._chosen : (this._paths[0] ?? null);
  }

  choose(path: string): void {
    this._chosen = path;
    this.stateChanged.emit();
  }

  async refresh(): Promise<void> {
    const listings = await Promise.all(FOLDERS.map(folder => this._list(folder)));
    const paths = listings.flat();
    this._paths = [
      ...paths.filter(path => path.split('/').pop() === FIRST),
      ...paths.filter(path => path.split('/').pop() !== FIRST)
    ];
    if (!this.isDisposed) {
      this.stateChanged.emit();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._contents.fileChanged.disconnect(this._onFileChanged, this);
    super.dispose();
  }

  private async _list(folder: string): Promise<string[]> {
    try {
      const model = await this._contents.get(folder, { content: true, type: 'directory' });
      return (model.content as Contents.IModel[]).filter(({ type }) => type === 'notebook').map(({ path }) => path);
    } catch {
      // No such folder: there is nothing to offer from it.
      return [];
    }
  }

  private _onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    if (change.type !== 'save') {
      void this.refresh();
    }
  }

  private readonly _contents: Contents.IManager;
  private _paths: readonly string[] = [];
  private _chosen: string | null = null;
}
