import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { encodeFrame, encodeJsonFrame } from '../contract';

/** A part of an answer that streams. */
export type Part = { progress: object } | { arrow: Uint8Array };

/** The parts of an answer, each made only when the one before was taken, and what its last frame says. */
export type Parts = AsyncGenerator<Part, object, undefined>;

/** Bytes of a frame of Arrow: enough to be worth one, few enough to wait for a slow reader between them. */
const PIECE = 1024 * 1024;

/** Writes a part as frames; resolves when the caller has taken enough of what was written. */
export async function writePart(response: ServerResponse, part: Part): Promise<void> {
  for (const frame of framesOf(part)) {
    if (!response.write(frame)) {
      await once(response, 'drain');
    }
  }
}

function* framesOf(part: Part): Generator<Uint8Array, void, undefined> {
  if ('progress' in part) {
    yield encodeJsonFrame('progress', part.progress);
    return;
  }
  for (let at = 0; at < part.arrow.length; at += PIECE) {
    yield encodeFrame('arrow', part.arrow.subarray(at, at + PIECE));
  }
}
