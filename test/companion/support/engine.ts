import { tableFromIPC } from 'apache-arrow';
import { setMaxListeners } from 'node:events';

import { LocalStore } from '../../../src/companion/delta';
import type { IEngine } from '../../../src/companion/delta';
import { decodeToIpc } from '../../../src/companion/delta/parquet/decode';
import { checkFraming } from '../../../src/companion/delta/parquet/decoder';

/** Reads local folders and decodes in this process; the worker has its own tests. */
export function localEngine(root: string): IEngine {
  return {
    store: new LocalStore([root]),
    decoder: {
      decode: async (file, name) => {
        checkFraming(file, name);
        return tableFromIPC(decodeToIpc(file));
      }
    }
  };
}

/** A signal that is never aborted. */
export const ALIVE = new AbortController().signal;
setMaxListeners(0, ALIVE);
