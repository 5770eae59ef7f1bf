import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ErrorCode } from '../contract';
import { HTTP_STATUS, isErrorBody, TwinstoreError } from '../contract';
import type { IRequestOptions } from '../tokens';

/** Time in which the server must begin to answer, in ms. */
const DEADLINE_MS = 60_000;

export interface IRequest extends IRequestOptions {
  body?: unknown;
  query?: Record<string, string>;
}

/** Requests to the server extension; whatever goes wrong becomes a `TwinstoreError`. */
export class Requests {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** The JSON that a route answers. */
  async json<T>(method: string, path: string, options: IRequest): Promise<T> {
    const response = await this.send(method, path, options);
    const text = await response.text().catch((reason: unknown) => {
      throw this.toError(reason, path, options.signal);
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
  async send(method: string, path: string, options: IRequest): Promise<Response> {
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
      throw this.toError(reason, path, options.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whatever a request threw, as the error that it is. */
  toError(reason: unknown, path: string, signal?: AbortSignal): TwinstoreError {
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
