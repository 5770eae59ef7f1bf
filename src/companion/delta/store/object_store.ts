/** A file of a listing. */
export interface IEntry {
  /** Last segment of its location. */
  name: string;
  /** Bytes. */
  size: number;
  modifiedMs: number;
}

/** What lies directly in a folder, names in byte order. */
export interface IListing {
  files: IEntry[];
  folders: string[];
}

export interface IListOptions {
  /** Only names that sort after this one. */
  after?: string;
  /** Stop once so many files were seen. */
  limit?: number;
  signal: AbortSignal;
}

export interface IReadOptions {
  /** Bytes [start, end); absent means the whole file. */
  range?: { start: number; end: number };
  /** Refuse to take more bytes than this. */
  limit: number;
  signal: AbortSignal;
}

/**
 * Reading of files by canonical location. It never writes.
 *
 * Errors are TwinstoreErrors that name the location: `not_found` when nothing is there, `forbidden`, else `store_failed`;
 * an aborted signal throws its reason.
 */
export interface IObjectStore {
  /** One level of a folder; empty when the folder does not exist. */
  list(folder: string, options: IListOptions): Promise<IListing>;
  read(location: string, options: IReadOptions): Promise<Uint8Array>;
}
