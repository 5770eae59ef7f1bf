import type { Contents } from '@jupyterlab/services';

/** Folder that a Delta table keeps its log in. */
const LOG = '_delta_log';

/** Which folders of the file browser hold a Delta table; each is looked into once. */
export class DeltaFolders {
  constructor(private readonly _contents: Contents.IManager) {}

  /** Whether a folder is a Delta table; null while that is not known. */
  holds(path: string): boolean | null {
    return this._known.get(path) ?? null;
  }

  /** Find out, unless it is known. */
  async look(path: string): Promise<void> {
    if (this._known.has(path)) {
      return;
    }
    this._known.set(path, null);
    try {
      const { content } = await this._contents.get(path, { content: true, type: 'directory' });
      this._known.set(
        path,
        (content as Contents.IModel[]).some(({ name, type }) => name === LOG && type === 'directory')
      );
    } catch {
      // The file browser says why a folder cannot be listed.
      this._known.delete(path);
    }
  }

  private readonly _known = new Map<string, boolean | null>();
}
