import type { Contents } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';

/** The folder of the server's root in which notebooks are offered beside those in the root itself. */
const FOLDER = 'notebooks';

/** Where the server saves executed notebooks (`job_requests.py`): what came of a run is not what to run. */
const EXECUTED = 'runs/';

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
    const { _inView: inView, _paths: paths } = this;
    return inView === null || paths.includes(inView) ? paths : [inView, ...paths];
  }

  /** The one that *Run* runs: what was chosen, else the notebook in view, else the first; null while there is none. */
  get chosen(): string | null {
    const { paths } = this;
    return this._chosen !== null && paths.includes(this._chosen) ? this._chosen : (this._inView ?? paths[0] ?? null);
  }

  /** Say which notebook is in view. */
  setInView(path: string | null): void {
    this._inView = path?.startsWith(EXECUTED) ? null : path;
    this._chosen = null;
    this.stateChanged.emit();
  }

  choose(path: string): void {
    this._chosen = path;
    this.stateChanged.emit();
  }

  async refresh(): Promise<void> {
    const root = await this._list('');
    const isThere = root.some(({ type, path }) => type === 'directory' && path === FOLDER);
    const models = [...(isThere ? await this._list(FOLDER) : []), ...root];
    const paths = models.filter(({ type }) => type === 'notebook').map(({ path }) => path);
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

  private async _list(folder: string): Promise<Contents.IModel[]> {
    try {
      const model = await this._contents.get(folder, { content: true, type: 'directory' });
      return model.content as Contents.IModel[];
    } catch {
      // A folder that cannot be listed has nothing to offer; the file browser says why.
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
  private _inView: string | null = null;
}
