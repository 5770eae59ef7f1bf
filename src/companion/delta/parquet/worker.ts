import { parentPort } from 'node:worker_threads';

import { Decoder } from './decode';
import type { DecodeReply, DecodeRequest } from './protocol';

const decoder = new Decoder();

async function reply(request: DecodeRequest): Promise<void> {
  try {
    const answer = await decoder.answer(request);
    const moved = answer instanceof Uint8Array ? [answer.buffer] : [];
    parentPort?.postMessage({ answer, memory: decoder.memory } satisfies DecodeReply, moved);
  } catch (error) {
    // `WebAssembly.RuntimeError`, which the compiler does not know without the browser's types.
    const trapped = error instanceof Error && error.name === 'RuntimeError';
    const text = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ error: text, trapped } satisfies DecodeReply);
  }
}

parentPort?.on('message', (request: DecodeRequest) => void reply(request));
