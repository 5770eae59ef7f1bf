import { readParquet } from 'parquet-wasm/node';

/** Rows of a record batch: whole small files should be one batch. */
const BATCH_ROWS = 65_536;

/**
 * A whole Parquet file as an Arrow IPC stream. Synchronous and in WebAssembly: a damaged file may trap the instance,
 * which is then not to be used again, so only the worker and tests call it.
 */
export function decodeToIpc(file: Uint8Array): Uint8Array {
  return readParquet(file, { batchSize: BATCH_ROWS }).intoIPCStream();
}
