import { createHash, timingSafeEqual } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { encodeJsonFrame, FRAMES_MIME, HTTP_STATUS, ROUTES, TwinstoreError } from '../contract';
import type { IErrorBody, IFailedEnd } from '../contract';
import { errorBody } from './error_body';
import type { Log } from './log';
import type { Redactor } from './redaction';
import type { IHandler } from './routes';
import type { CurrentServices } from './services';
import { writePart } from './streamed';
import type { Part, Parts } from './streamed';

/** Bodies of requests are small: files and data never travel in them. */
const MAX_BODY = 1024 * 1024;
/** Requests that take longer are worth a line of the log. */
const SLOW_MS = 2_000;
const COMMON_HEADERS = { 'Cache-Control': 'no-store' };

export interface IServerOptions {
  secret: string;
  services: CurrentServices;
  handlers: Readonly<Record<string, IHandler>>;
  log: Log;
  redactor: Redactor;
  nowMs: () => number;
  newRequestId: () => string;
}

/** Answers the companion's routes on a Unix socket, to those who know the secret. */
export class CompanionServer {
  constructor(private readonly options: IServerOptions) {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.requestTimeout = 30_000;
    this.server.headersTimeout = 10_000;
  }

  /** Listens; only this user may connect. */
  async listen(socket: string): Promise<void> {
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.server.once('error', reject);
        this.server.listen(socket, resolve);
      });
    } finally {
      process.umask(mask);
    }
  }

  /** Ends: running requests have `graceMs` to finish, then they are aborted. The socket file goes with it. */
  async close(graceMs: number): Promise<void> {
    const ended = new Promise<void>(resolve => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const controller of this.running) {
        controller.abort(new TwinstoreError('aborted', 'The companion is ending.', 'Try again in some seconds.'));
      }
      this.server.closeAllConnections();
    }, graceMs);
    await ended;
    clearTimeout(timer);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, nowMs, newRequestId } = this.options;
    const startMs = nowMs();
    const requestId = requestIdOf(request) ?? newRequestId();
    const controller = new AbortController();
    // Every read of a request listens; there are more than Node takes for a leak.
    setMaxListeners(0, controller.signal);
    response.once('close', () => {
      if (!response.writableFinished) {
        controller.abort(new TwinstoreError('aborted', 'The caller went away.', 'Ask again.'));
      }
    });
    this.running.add(controller);
    try {
      await this.answer(request, response, requestId, controller);
    } catch (error) {
      const body = this.failed(request, requestId, error, startMs);
      send(request, response, HTTP_STATUS[body.code], body, requestId);
      return;
    } finally {
      this.running.delete(controller);
    }
    if (nowMs() - startMs > SLOW_MS) {
      log.info('slow', { route: request.url ?? '', requestId, took_ms: nowMs() - startMs });
    }
  }

  private failed({ url: route = '' }: IncomingMessage, requestId: string, error: unknown, startMs: number): IErrorBody {
    const { log, redactor, nowMs } = this.options;
    const body = errorBody(error, requestId, redactor);
    const { code, message, details } = body;
    log.error('failed', { route, requestId, code, message, details, took_ms: nowMs() - startMs });
    return body;
  }

  /** Throws while an error can still be the answer. */
  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    controller: AbortController
  ): Promise<void> {
    if (!sameSecret(String(request.headers['x-twinstore-secret'] ?? ''), this.options.secret)) {
      throw new TwinstoreError(
        'forbidden',
        'The request does not carry the secret of this companion.',
        'Ask the Jupyter Server for the companion again.'
      );
    }
    const handler = this.handlerOf(request);
    const timer = setTimeout(() => controller.abort(late(handler)), handler.deadlineMs);
    const { signal } = controller;
    try {
      const body = await readBody(request);
      const services = await orAborted(this.options.services.get(), signal);
      if ('run' in handler) {
        send(request, response, 200, await orAborted(handler.run(services, body, signal), signal), requestId);
        return;
      }
      const parts = handler.stream(services, body, signal);
      try {
        const first = await orAborted(parts.next(), signal);
        await this.stream(first, parts, { request, response, requestId, signal, timer });
      } finally {
        // What is left of the work ends by itself once it sees the signal.
        void parts.return({}).catch(() => undefined);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Hands on the parts. An error is told by the last frame, as long as the caller takes frames at all. */
  private async stream(first: IteratorResult<Part, object>, parts: Parts, to: IStreamTarget): Promise<void> {
    const { request, response, requestId, signal, timer } = to;
    const startMs = this.options.nowMs();
    response.writeHead(200, { 'Content-Type': FRAMES_MIME, ...COMMON_HEADERS, 'X-Request-Id': requestId });
    try {
      let part = first;
      while (part.done !== true) {
        await orAborted(writePart(response, part.value), signal);
        timer.refresh();
        part = await orAborted(parts.next(), signal);
        timer.refresh();
      }
      response.end(encodeJsonFrame('end', part.value));
    } catch (error) {
      const end: IFailedEnd = { error: this.failed(request, requestId, error, startMs) };
      if (response.writableNeedDrain) {
        response.destroy();
      } else {
        response.end(encodeJsonFrame('end', end));
      }
    }
  }

  private handlerOf({ url = '', method }: IncomingMessage): IHandler {
    // JupyterLab adds the time to each address, so that no browser answers from its cache.
    const [path = ''] = url.slice(1).split('?');
    const route = ROUTES.companion.find(candidate => candidate.path === path);
    const handler = this.options.handlers[path];
    if (route === undefined || handler === undefined) {
      throw new TwinstoreError(
        'not_found',
        `The companion has no route ${JSON.stringify(path)}.`,
        'Check the address.'
      );
    }
    if (route.method !== method) {
      throw new TwinstoreError('bad_request', `${path} is asked by ${route.method}.`, `Use ${route.method}.`);
    }
    return handler;
  }

  private readonly server: Server;
  private readonly running = new Set<AbortController>();
}

/** Where the frames of an answer go. */
interface IStreamTarget {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  signal: AbortSignal;
  /** Of the deadline. */
  timer: NodeJS.Timeout;
}

function late({ deadlineMs, ...handler }: IHandler): TwinstoreError {
  const seconds = `${deadlineMs / 1000} s`;
  return new TwinstoreError(
    'deadline',
    'run' in handler ? `The answer took longer than ${seconds}.` : `The answer did not go on for ${seconds}.`,
    'Check the stores in the status at the foot of the sidebar, then try again.'
  );
}

/** Compares hashes, which have one length, so that the time tells nothing. */
function sameSecret(given: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}

function requestIdOf({ headers }: IncomingMessage): string | null {
  const id = headers['x-request-id'];
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : null;
}

/** The JSON object of a request; {} when the body is empty. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The answer still has to go out on the socket that destroying the request would close.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) {
      throw new TwinstoreError('bad_request', `The body is larger than ${MAX_BODY} bytes.`, 'Send less.');
    }
    chunks.push(chunk);
  }
  if (length === 0) {
    return {};
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks, length).toString('utf8'));
  } catch (cause) {
    throw new TwinstoreError('bad_request', 'The body is not JSON.', 'Send a JSON object.', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TwinstoreError('bad_request', 'The body is not a JSON object.', 'Send a JSON object.');
  }
  return body;
}

/** Settles with the work, or at once when it is aborted: no work may hold an answer back. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  requestId: string
): void {
  if (response.destroyed) {
    return;
  }
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...COMMON_HEADERS,
    'X-Request-Id': requestId
  });
  response.write(body);
  if (request.complete) {
    response.end();
  } else {
    // A caller that still sends when its connection closes may never see its answer. So what is left of a refused body
    // is read and thrown away first, for as long as `requestTimeout` lasts.
    request.once('end', () => response.end()).resume();
  }
}
