import { setMaxListeners } from 'node:events';

import { LocalStore } from '../../../src/companion/delta';
import type { IEngine } from '../../../src/companion/delta';
import { damagedFile } from '../../../src/companion/delta/parquet/damaged_file';
import { Decoder } from '../../../src/companion/delta/parquet/decode';
import type { DecodeRequest, IDecodeAnswers } from '../../../src/companion/delta/parquet/protocol';

/** Reads local folders and decodes in this process; the worker has its own tests. */
export function localEngine(root: string): IEngine {
  const decoder = new Decoder();
  return {
    store: new LocalStore([root]),
    decoder: {
      ask: async <R extends DecodeRequest>(request: R, name: string) => {
        try {
          return (await decoder.answer(request)) as IDecodeAnswers[R['ask']];
        } catch (error) {
          throw damagedFile(name, String(error));
        }
      }
    }
  };
}

/** A signal that is never aborted. */
export const ALIVE = new AbortController().signal;
setMaxListeners(0, ALIVE);
