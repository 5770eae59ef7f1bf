import { parentPort } from 'node:worker_threads';
import { wasmMemory } from 'parquet-wasm/node';

import { answer } from './decode';
import type { DecodeReply, DecodeRequest } from './protocol';

parentPort?.on('message', (request: DecodeRequest) => {
  try {
    const found = answer(request);
    const memory = (wasmMemory() as { buffer: ArrayBuffer }).buffer.byteLength;
    const moved = found instanceof Uint8Array ? [found.buffer] : [];
    parentPort?.postMessage({ answer: found, memory } satisfies DecodeReply, moved);
  } catch (error) {
    // `WebAssembly.RuntimeError`, which the compiler does not know without the browser's types.
    const trapped = error instanceof Error && error.name === 'RuntimeError';
    const text = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ error: text, trapped } satisfies DecodeReply);
  }
});
