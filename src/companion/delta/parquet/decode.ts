import { readParquet } from 'parquet-wasm/node';

import { parseFooter, parseOffsetIndexes } from './metadata';
import type { DecodeRequest, IDecodeAnswers } from './protocol';

/**
 * Answers synchronously. A damaged file may take forever, or trap the WebAssembly instance, which is then not to be used
 * again, so only the worker and tests call it.
 */
export function answer(request: DecodeRequest): IDecodeAnswers[DecodeRequest['ask']] {
  switch (request.ask) {
    case 'footer':
      return parseFooter(request.footer);
    case 'pages':
      return parseOffsetIndexes(request.indexes);
    case 'column': {
      const { file, skip, take, batchRows } = request;
      const rows = readParquet(file, { offset: skip, limit: take, batchSize: Math.min(batchRows, take) });
      return rows.intoIPCStream() as Uint8Array<ArrayBuffer>;
    }
  }
}
