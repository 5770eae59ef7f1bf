import { ReadableStream } from 'node:stream/web';
import { ServerConnection } from '@jupyterlab/services';
import { TwinstoreClient } from '../../src/lab/client';

/** A request as the fake server saw it. */
export interface ISeen {
  method: string;
  /** Path below `twinstore/`. */
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
  signal: AbortSignal;
}

type Answer = (seen: ISeen) => Response | Promise<Response>;

/** A Jupyter Server as far as `fetch` can tell, at a base path that is not the root. */
export class FakeServer {
  readonly baseUrl = 'http://localhost:8888/user/ana/';
  readonly seen: ISeen[] = [];

  readonly settings = ServerConnection.makeSettings({
    baseUrl: this.baseUrl,
    fetch: async (input: RequestInfo | URL) => this._fetch(input as Request)
  });

  /** The real client, which waits for nothing between two attempts. */
  readonly client = new TwinstoreClient({ serverSettings: this.settings, wait: async () => undefined });

  /** Answer `METHOD path` from now on. */
  on(route: string, answer: Answer): this {
    this._answers.set(route, answer);
    return this;
  }

  /** Requests to `METHOD path` so far. */
  requests(route: string): ISeen[] {
    return this.seen.filter(({ method, path }) => `${method} ${path}` === route);
  }

  private async _fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const text = await request.text();
    const seen: ISeen = {
      method: request.method,
      path: url.pathname.replace('/user/ana/twinstore/', ''),
      query: url.searchParams,
      body: text === '' ? undefined : JSON.parse(text),
      headers: request.headers,
      signal: request.signal
    };
    this.seen.push(seen);
    const answer = this._answers.get(`${seen.method} ${seen.path}`);
    const aborted = new Promise<never>((_, reject) => {
      request.signal.addEventListener('abort', () => reject(new TypeError('The request was aborted.')));
    });
    aborted.catch(() => undefined);
    return answer ? Promise.race([answer(seen), aborted]) : new Response('<html>404</html>', { status: 404 });
  }

  private readonly _answers = new Map<string, Answer>();
}

/** A JSON answer. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

/**
 * An answer that streams these pieces, then ends, or breaks, or waits until nobody listens or the signal aborts it.
 *
 * @param onCancel Called when nobody listens any more.
 */
export function stream(
  pieces: readonly (string | Uint8Array)[],
  end: 'ends' | 'breaks' | 'waits' | AbortSignal = 'ends',
  onCancel: () => void = () => undefined
): Response {
  const encoder = new TextEncoder();
  let at = 0;
  // jsdom has no streams: these are Node's, which its own fetch takes.
  const body = new ReadableStream<Uint8Array>({
    pull: controller => {
      const piece = pieces[at++];
      if (piece !== undefined) {
        controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      } else if (end === 'breaks') {
        controller.error(new TypeError('network connection was lost'));
      } else if (end === 'ends') {
        controller.close();
      } else {
        return new Promise<void>((_, reject) => {
          if (end !== 'waits') {
            end.addEventListener('abort', () => reject(new TypeError('The request was aborted.')));
          }
        });
      }
      return;
    },
    cancel: onCancel
  });
  return new Response(body as unknown as BodyInit);
}

/** Lets everything that is ready to happen happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}
