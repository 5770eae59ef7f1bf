import { request } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { isErrorBody, TwinstoreError } from '../contract';

/** Where the companion listens, and the word that it wants to hear. */
interface IAddress {
  socket: string;
  secret: string;
}

/** The answer of the Jupyter Server that starts the companion may take as long as that start. */
const ENSURE_MS = 30_000;
const MAX_LINE = 64 * 1024;
const REMEDY = 'Restart the Jupyter Server, or run this outside of it with TWINSTORE_RUNTIME unset.';

/**
 * Asks a route of the companion that the Jupyter Server of this terminal owns.
 *
 * @param runtime The server's runtime folder, `TWINSTORE_RUNTIME`.
 *
 * Asks once more, of a companion that the server starts anew, when the first was gone or went: every route only reads.
 *
 * Throws the companion's own errors as they are; `unavailable` when there is no companion.
 */
export async function askCompanion(runtime: string, path: string, body: object, signal: AbortSignal): Promise<unknown> {
  const ask = async (): Promise<unknown> => post(await ensure(runtime, signal), path, body, signal);
  try {
    return await ask().catch(error => (isGone(error) ? ask() : Promise.reject(error)));
  } catch (cause) {
    if (!isGone(cause)) {
      throw cause;
    }
    throw new TwinstoreError(
      'unavailable',
      `The companion broke off while it answered ${path}.`,
      'Try again; its log is in the Twinstore sidebar.',
      { cause, details: String(cause) }
    );
  }
}

function ensure(runtime: string, signal: AbortSignal): Promise<IAddress> {
  const path = join(runtime, 'control.sock');
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, signal });
    const fail = (cause?: unknown) => {
      socket.destroy();
      const message = `The Jupyter Server at ${path} does not answer.`;
      reject(signal.aborted ? signal.reason : new TwinstoreError('unavailable', message, REMEDY, { cause }));
    };
    let line = '';
    socket.setTimeout(ENSURE_MS, fail);
    socket.once('error', fail);
    socket.once('end', fail);
    socket.once('connect', () => socket.write('{"verb": "ensure"}\n'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      if (!line.includes('\n')) {
        return line.length > MAX_LINE ? fail() : undefined;
      }
      socket.off('end', fail).destroy();
      const answer = parse(line);
      if (isErrorBody(answer)) {
        return reject(TwinstoreError.fromBody(answer));
      }
      const { socket: place, secret } = answer as Partial<Record<keyof IAddress, unknown>>;
      return typeof place === 'string' && typeof secret === 'string' ? resolve({ socket: place, secret }) : fail();
    });
  });
}

function post({ socket, secret }: IAddress, path: string, body: object, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: socket,
        path: `/${path}`,
        method: 'POST',
        headers: { 'X-Twinstore-Secret': secret, 'Content-Type': 'application/json' },
        signal
      },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = parse(Buffer.concat(chunks).toString('utf8'));
          if (response.statusCode === 200 && answer !== null) {
            return resolve(answer);
          }
          return reject(
            isErrorBody(answer)
              ? TwinstoreError.fromBody(answer)
              : new TwinstoreError(
                  'internal',
                  `The companion answered ${path} with no error of its own.`,
                  'Report this.'
                )
          );
        });
      }
    );
    call.on('error', error => reject(signal.aborted ? signal.reason : error));
    call.end(JSON.stringify(body));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'].includes(code ?? '');
}
