import type { IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';

/** Counts what is asked of a store, and what it gives. */
export class CountingStore implements IObjectStore {
  constructor(private readonly store: IObjectStore) {}

  /** Listings and reads; a listing of several pages counts once. */
  requests = 0;
  /** Bytes of files. */
  bytes = 0;

  list(folder: string, options: IListOptions): Promise<IListing> {
    this.requests += 1;
    return this.store.list(folder, options);
  }

  async read(location: string, options: IReadOptions): Promise<Uint8Array> {
    this.requests += 1;
    const bytes = await this.store.read(location, options);
    this.bytes += bytes.length;
    return bytes;
  }
}
