import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type {
  ErrorCode,
  IGroupAnswer,
  IGroupsAnswer,
  IHealth,
  IJob,
  IJobEvent,
  IJobRequest,
  IProofsAnswer,
  IReceiptsAnswer,
  IStatus
} from '../contract';
import { HTTP_STATUS, isErrorBody, TwinstoreError } from '../contract';
import type { IRequestOptions, ITwinstoreClient } from '../tokens';
import { readNdjson } from './ndjson';

/** Time in which the server must begin to answer, in ms. */
const DEADLINE_MS = 60_000;

/** Waits before a broken stream of events is opened again, in ms. */
const RECONNECT_MS = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000];

/** The only place of the front end that makes requests. */
export class TwinstoreClient implements ITwinstoreClient {
  constructor(options: TwinstoreClient.IOptions) {
    this._settings = options.serverSettings;
    this._wait = options.wait ?? wait;
  }

  status(options: IRequestOptions = {}): Promise<IStatus> {
    return this._json('GET', 'status', options);
  }

  async restart(): Promise<void> {
    await this._request('POST', 'restart', { body: {} });
  }

  health(options: IRequestOptions = {}): Promise<IHealth> {
    return this._json('GET', 'api/health', options);
  }

  groups(options: IRequestOptions = {}): Promise<IGroupsAnswer> {
    return this._json('POST', 'api/groups', { ...options, body: {} });
  }

  group(name: string, options: IRequestOptions = {}): Promise<IGroupAnswer> {
    return this._json('POST', 'api/groups/get', { ...options, body: { group: name } });
  }

  receipts(group: string, limit: number, options: IRequestOptions = {}): Promise<IReceiptsAnswer> {
    return this._json('POST', 'api/receipts', { ...options, body: { group, limit } });
  }

  proofs(group: string, limit: number, options: IRequestOptions = {}): Promise<IProofsAnswer> {
    return this._json('POST', 'api/proofs', { ...options, body: { group, limit } });
  }

  async jobs(options: IRequestOptions = {}): Promise<IJob[]> {
    const answer = await this._json<{ jobs: IJob[] }>('GET', 'jobs', options);
    return answer.jobs;
  }

  async startJob(request: IJobRequest): Promise<string> {
    const answer = await this._json<{ id: string }>('POST', 'jobs', { body: request });
    return answer.id;
  }

  job(id: string, options: IRequestOptions = {}): Promise<IJob> {
    return this._json('GET', `jobs/${encodeURIComponent(id)}`, options);
  }

  async stopJob(id: string): Promise<void> {
    await this._request('DELETE', `jobs/${encodeURIComponent(id)}`, {});
  }

  async *events(id: string, from: number, signal: AbortSignal): AsyncGenerator<IJobEvent> {
    const path = `jobs/${encodeURIComponent(id)}/events`;
    let next = from;
    let attempt = 0;
    for (;;) {
      try {
        const response = await this._request('GET', path, { signal, poll: true, query: { from: String(next) } });
        if (response.body !== null) {
          for await (const event of readNdjson(response.body) as AsyncGenerator<IJobEvent>) {
            if (event.seq < next) {
              continue;
            }
            next = event.seq + 1;
            attempt = 0;
            yield event;
            if (isLast(event)) {
              return;
            }
          }
        }
        throw new TwinstoreError(
          'unavailable',
          `The events of job ${id} broke off.`,
          'Refresh to look at the job again.'
        );
      } catch (reason) {
        const error = this._toError(reason, path, signal);
        const delay = RECONNECT_MS[attempt];
        if (error.side === 'request' || delay === undefined) {
          throw error;
        }
        await this._wait(delay, signal);
        attempt += 1;
      }
    }
  }

  private async _json<T>(method: string, path: string, options: TwinstoreClient.IRequest): Promise<T> {
    const response = await this._request(method, path, options);
    const text = await response.text().catch((reason: unknown) => {
      throw this._toError(reason, path, options.signal);
    });
    try {
      return JSON.parse(text) as T;
    } catch (reason) {
      throw new TwinstoreError(
        'internal',
        `${this._settings.baseUrl}twinstore/${path} answered with something other than JSON.`,
        'Check that no proxy between browser and Jupyter Server rewrites answers.',
        { details: text.slice(0, 2000), cause: reason }
      );
    }
  }

  /** The response, once it is known to be a good one. */
  private async _request(method: string, path: string, options: TwinstoreClient.IRequest): Promise<Response> {
    const query = { ...options.query, ...(options.poll ? { no_track_activity: '1' } : {}) };
    const url = URLExt.join(this._settings.baseUrl, 'twinstore', path) + URLExt.objectToQueryString(query);
    const controller = new AbortController();
    const forward = (): void => controller.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', forward);
    if (options.signal?.aborted) {
      forward();
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, DEADLINE_MS);
    try {
      const response = await ServerConnection.makeRequest(
        url,
        {
          method,
          signal: controller.signal,
          ...(options.body === undefined
            ? {}
            : { body: JSON.stringify(options.body), headers: { 'Content-Type': 'application/json' } })
        },
        this._settings
      );
      if (!response.ok) {
        throw await this._refusal(response, path);
      }
      return response;
    } catch (reason) {
      if (late) {
        throw new TwinstoreError(
          'deadline',
          `${this._settings.baseUrl}twinstore/${path} did not answer in ${DEADLINE_MS / 1000} s.`,
          'Look at the log of Jupyter Server, then try again.',
          { side: 'twinstore', cause: reason }
        );
      }
      throw this._toError(reason, path, options.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  private _toError(reason: unknown, path: string, signal?: AbortSignal): TwinstoreError {
    if (reason instanceof TwinstoreError) {
      return reason;
    }
    if (signal?.aborted) {
      return new TwinstoreError('aborted', `The request to ${path} was given up.`, 'Try again.', { cause: reason });
    }
    return new TwinstoreError(
      'unavailable',
      `Jupyter Server at ${this._settings.baseUrl} did not answer.`,
      'Check that it still runs, then try again.',
      { details: String(reason), cause: reason }
    );
  }

  private async _refusal(response: Response, path: string): Promise<TwinstoreError> {
    const text = await response.text().catch(() => '');
    const body = parsed(text);
    if (isErrorBody(body)) {
      return TwinstoreError.fromBody(body);
    }
    const details = text.slice(0, 2000);
    switch (response.status) {
      case 404:
        return new TwinstoreError(
          'not_found',
          `Jupyter Server at ${this._settings.baseUrl} has no twinstore/${path}.`,
          'Install twinstore where Jupyter Server runs (pip install "twinstore[lab]"), then restart Jupyter Server.',
          { details }
        );
      case 401:
      case 403:
        return new TwinstoreError(
          'forbidden',
          `Jupyter Server at ${this._settings.baseUrl} refused twinstore/${path}.`,
          'Log in again; when that does not help, ask for the permission on the resource "twinstore".',
          { details }
        );
      default:
        return new TwinstoreError(
          codeOf(response.status),
          `Jupyter Server at ${this._settings.baseUrl} answered twinstore/${path} with status ${response.status}.`,
          'Look at the log of Jupyter Server.',
          { details }
        );
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export namespace TwinstoreClient {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    /** Waits between two attempts; rejects or resolves early when the signal aborts. */
    wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  }

  export interface IRequest extends IRequestOptions {
    body?: unknown;
    query?: Record<string, string>;
  }
}

/** Whether no event of the same job follows. */
function isLast(event: IJobEvent): boolean {
  return event.type === 'result' || event.type === 'failed' || event.type === 'stopped';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function codeOf(status: number): ErrorCode {
  const codes = Object.keys(HTTP_STATUS) as ErrorCode[];
  return codes.find(code => HTTP_STATUS[code] === status) ?? (status < 500 ? 'bad_request' : 'internal');
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
