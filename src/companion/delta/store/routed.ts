import { TwinstoreError } from '../../../contract';
import { isS3, isWithin } from './address';
import type { IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';

/** One store for S3 and local folders, which refuses everything outside the configured roots. */
export class RoutedStore implements IObjectStore {
  /** @param roots Canonical locations. */
  constructor(
    private readonly roots: readonly string[],
    private readonly s3: IObjectStore,
    private readonly local: IObjectStore
  ) {}

  async list(folder: string, options: IListOptions): Promise<IListing> {
    return this.storeOf(folder).list(folder, options);
  }

  async read(location: string, options: IReadOptions): Promise<Uint8Array> {
    return this.storeOf(location).read(location, options);
  }

  private storeOf(location: string): IObjectStore {
    if (!this.roots.some(root => isWithin(root, location))) {
      throw new TwinstoreError(
        'forbidden',
        `${location} lies outside the configured roots.`,
        'Add its folder as a root in twinstore.toml.'
      );
    }
    return isS3(location) ? this.s3 : this.local;
  }
}
