import { TwinstoreError } from './errors';

/** MIME type of answers that stream: frames of [kind u8][length u32, big endian][bytes]. */
export const FRAMES_MIME = 'application/vnd.twinstore.frames';

/** `progress` and `end` hold JSON, `arrow` bytes of one Arrow IPC stream. A stream without `end` is broken. */
export type FrameKind = 'progress' | 'arrow' | 'end';

export interface IFrame {
  kind: FrameKind;
  bytes: Uint8Array;
}

const KINDS: readonly FrameKind[] = ['progress', 'arrow', 'end'];
const HEAD = 5;
/** No frame is longer: a length beyond it is no length. */
export const MAX_FRAME = 64 * 1024 * 1024;

/** A frame as it travels. */
export function encodeFrame(kind: FrameKind, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD + bytes.length);
  frame[0] = KINDS.indexOf(kind) + 1;
  new DataView(frame.buffer).setUint32(1, bytes.length);
  frame.set(bytes, HEAD);
  return frame;
}

/** A frame of JSON. */
export function encodeJsonFrame(kind: Exclude<FrameKind, 'arrow'>, value: object): Uint8Array {
  return encodeFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

/** The JSON of a frame. */
export function frameJson(frame: IFrame): unknown {
  return JSON.parse(new TextDecoder().decode(frame.bytes));
}

/**
 * The frames of an answer, up to and with its `end`. Throws `store_failed` when it breaks off before, or holds what is
 * no frame.
 */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<IFrame, void, undefined> {
  let parts: Uint8Array[] = [];
  let held = 0;
  const take = (length: number): Uint8Array => {
    const all = parts.length === 1 && parts[0] ? parts[0] : joined(parts, held);
    parts = [all.subarray(length)];
    held -= length;
    return all.subarray(0, length);
  };
  let head: { kind: FrameKind; length: number } | null = null;
  for await (const chunk of chunks) {
    parts.push(chunk);
    held += chunk.length;
    for (;;) {
      if (head === null) {
        if (held < HEAD) {
          break;
        }
        head = readHead(take(HEAD));
      }
      if (held < head.length) {
        break;
      }
      const { kind } = head;
      const bytes = take(head.length);
      head = null;
      yield { kind, bytes };
      if (kind === 'end') {
        return;
      }
    }
  }
  throw broken('it ended before its last part');
}

function readHead(bytes: Uint8Array): { kind: FrameKind; length: number } {
  const kind = KINDS[(bytes[0] ?? 0) - 1];
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (kind === undefined || length > MAX_FRAME) {
    throw broken('a part of it is not what it should be');
  }
  return { kind, length };
}

function broken(why: string): TwinstoreError {
  return new TwinstoreError('store_failed', `The answer broke off: ${why}.`, 'Try again.', { side: 'twinstore' });
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
