import type * as ParquetWasm from 'parquet-wasm/node';

import { parseFooter, parseOffsetIndexes } from './metadata';
import { pageValues } from './page_values';
import type { DecodeRequest, IDecodeAnswers } from './protocol';

/**
 * A damaged file may take forever, or trap the WebAssembly instance, which is then not to be used again, so only the
 * worker and tests decode.
 */
export class Decoder {
  async answer(request: DecodeRequest): Promise<IDecodeAnswers[DecodeRequest['ask']]> {
    switch (request.ask) {
      case 'footer':
        return parseFooter(request.footer);
      case 'pages':
        return parseOffsetIndexes(request.indexes);
      case 'values':
        return pageValues(request.wanted);
      case 'column': {
        const { file, skip, take, batchRows } = request;
        // Only now: its instance takes 50 MB, and most previews do without.
        this.wasm ??= await import('parquet-wasm/node');
        const rows = this.wasm.readParquet(file, { offset: skip, limit: take, batchSize: Math.min(batchRows, take) });
        return rows.intoIPCStream() as Uint8Array<ArrayBuffer>;
      }
    }
  }

  /** Bytes of the WebAssembly instance. */
  get memory(): number {
    return (this.wasm?.wasmMemory() as { buffer: ArrayBuffer } | undefined)?.buffer.byteLength ?? 0;
  }

  private wasm: Pick<typeof ParquetWasm, 'readParquet' | 'wasmMemory'> | null = null;
}
