import { join } from 'node:path';

import { CountingStore, openSnapshot, rowsOf, Scan } from '../../../src/companion/delta';
import type { IEngine, IScanOptions, Row } from '../../../src/companion/delta';
import { add, write } from './delta_files';
import type { ActionJson } from './delta_files';
import { ALIVE, localEngine } from './engine';
import { temporaryFolder } from './temporary_folder';

const FEATURES = ['columnMapping', 'deletionVectors', 'timestampNtz', 'typeWidening'];

/** The protocol of a table that uses all that is read. */
export const READER_3 = {
  protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: FEATURES, writerFeatures: FEATURES }
};

/** A table in a temporary folder, read with every request counted. */
export class ScannedTable {
  constructor() {
    const { store, decoder } = localEngine(this.location);
    this.counting = new CountingStore(store);
    this.engine = { store: this.counting, decoder };
  }

  readonly location = temporaryFolder();
  readonly counting: CountingStore;
  readonly engine: IEngine;

  /** Writes a file of the table; gives its `add`. */
  dataFile(path: string, bytes: Uint8Array, extra: object = {}): ActionJson {
    write(join(this.location, path), bytes);
    return add(path, { size: bytes.length, ...extra });
  }

  async scan(options: IScanOptions = {}): Promise<Scan> {
    const snapshot = await openSnapshot(this.engine, this.location, null, ALIVE);
    if (snapshot === null) {
      throw new Error('no table');
    }
    return new Scan(this.engine, snapshot, options);
  }

  async rows(options: IScanOptions = {}): Promise<Row[]> {
    const found: Row[] = [];
    for await (const { data } of (await this.scan(options)).batches(ALIVE)) {
      found.push(...rowsOf(data));
    }
    return found;
  }
}
