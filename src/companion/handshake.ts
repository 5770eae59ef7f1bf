import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { TwinstoreError } from '../contract';

/** Where to listen and what callers must know. */
export interface IHandshake {
  socket: string;
  secret: string;
}

/** Longest path of a Unix socket that every system takes. */
const MAX_SOCKET_PATH = 103;

/**
 * Reads the one line of JSON that the parent writes first. Null when it closes the stream before.
 *
 * @param onEnd Called when the stream ends later: the parent is gone or wants the companion to end.
 */
export function readHandshake(stdin: Readable, onEnd: () => void): Promise<IHandshake | null> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdin });
    lines.once('line', line => {
      try {
        resolve(parseHandshake(line));
      } catch (error) {
        reject(error);
      }
    });
    lines.once('close', () => {
      resolve(null);
      onEnd();
    });
  });
}

/** Checks the line. Errors never repeat it: it holds the secret. */
export function parseHandshake(line: string): IHandshake {
  let value: Partial<Record<keyof IHandshake, unknown>> | null;
  try {
    value = JSON.parse(line) as typeof value;
  } catch {
    value = null;
  }
  const { socket, secret } = value ?? {};
  if (typeof socket !== 'string' || !socket.startsWith('/') || Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw refused(`an absolute "socket" of at most ${MAX_SOCKET_PATH} bytes`);
  }
  if (typeof secret !== 'string' || !/^[0-9a-f]{32,}$/i.test(secret)) {
    throw refused('a "secret" of at least 32 hexadecimal digits');
  }
  return { socket, secret };
}

function refused(wanted: string): TwinstoreError {
  return new TwinstoreError(
    'bad_request',
    `The first line on stdin does not hold ${wanted}.`,
    'The Jupyter Server starts the companion; outside of it use the command `twinstore`.'
  );
}
