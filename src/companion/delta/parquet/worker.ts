import { parentPort } from 'node:worker_threads';
import { wasmMemory } from 'parquet-wasm/node';

import { decodeToIpc } from './decode';
import type { IDecodeReply, IDecodeRequest } from './protocol';

parentPort?.on('message', ({ file }: IDecodeRequest) => {
  try {
    const ipc = decodeToIpc(file);
    const memory = (wasmMemory() as { buffer: ArrayBuffer }).buffer.byteLength;
    parentPort?.postMessage({ ipc, memory } satisfies IDecodeReply, [ipc.buffer as ArrayBuffer]);
  } catch (error) {
    // `WebAssembly.RuntimeError`, which the compiler does not know without the browser's types.
    const trapped = error instanceof Error && error.name === 'RuntimeError';
    const text = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ error: text, trapped } satisfies IDecodeReply);
  }
});
