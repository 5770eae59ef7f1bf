import type { Contents } from '@jupyterlab/services';

/** Folder that a Delta table keeps its log in. */
const LOG = '_delta_log';

/** Which folders of the file browser hold a Delta table. One that holds none may hold one later. */
export class DeltaFolders {
  constructor(private readonly _contents: Contents.IManager) {}

  /** Whether a folder was a Delta table when it was looked into; null while that is not known. */
  holds(path: string): boolean | null {
    return this._known.get(path) ?? null;
  }

  /** Find out, unless it is known to be one. */
  async look(path: string): Promise<void> {
    if (this._known.get(path) === true) {
      return;
    }
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

  private readonly _known = new Map<string, boolean>();
}
