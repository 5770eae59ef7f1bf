import type { ServerConnection } from '@jupyterlab/services';
import type {
  IGroupAnswer,
  IGroupsAnswer,
  IHealth,
  IJob,
  IJobEvent,
  IJobRequest,
  IFailedEnd,
  IPreviewEnd,
  IPreviewRequest,
  IProofsAnswer,
  IReadProgress,
  IReceiptsAnswer,
  IStatisticsEnd,
  IStatisticsRequest,
  IStatus,
  ITableAnswer,
  ITableFilesAnswer,
  ITableHistoryAnswer,
  ITableRequest,
  ITablesAnswer
} from '../contract';
import { isErrorBody, readFrames, frameJson, TwinstoreError } from '../contract';
import type { IReadOptions, IRequestOptions, ITwinstoreClient } from '../tokens';
import { chunksOf } from './chunks';
import { readNdjson } from './ndjson';
import { Requests } from './requests';

/** Waits before a broken stream of events is opened again, in ms. */
const RECONNECT_MS = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000];

/** The only place of the front end that makes requests. */
export class TwinstoreClient implements ITwinstoreClient {
  constructor(options: TwinstoreClient.IOptions) {
    this._requests = new Requests(options.serverSettings);
    this._wait = options.wait ?? wait;
  }

  status(options: IRequestOptions = {}): Promise<IStatus> {
    return this._requests.json('GET', 'status', options);
  }

  async restart(): Promise<void> {
    await this._requests.send('POST', 'restart', { body: {} });
  }

  async writeSettings(text: string): Promise<string> {
    const answer = await this._requests.json<{ path: string }>('POST', 'settings', { body: { text } });
    return answer.path;
  }

  health(options: IRequestOptions = {}): Promise<IHealth> {
    return this._requests.json('GET', 'api/health', options);
  }

  groups(options: IRequestOptions = {}): Promise<IGroupsAnswer> {
    return this._requests.json('POST', 'api/groups', { ...options, body: {} });
  }

  group(name: string, options: IRequestOptions = {}): Promise<IGroupAnswer> {
    return this._requests.json('POST', 'api/groups/get', { ...options, body: { group: name } });
  }

  receipts(group: string, limit: number, options: IRequestOptions = {}): Promise<IReceiptsAnswer> {
    return this._requests.json('POST', 'api/receipts', { ...options, body: { group, limit } });
  }

  proofs(group: string, limit: number, options: IRequestOptions = {}): Promise<IProofsAnswer> {
    return this._requests.json('POST', 'api/proofs', { ...options, body: { group, limit } });
  }

  tables(location: string | null, options: IRequestOptions = {}): Promise<ITablesAnswer> {
    return this._requests.json('POST', 'api/tables', { ...options, body: location === null ? {} : { location } });
  }

  table(request: ITableRequest, options: IRequestOptions = {}): Promise<ITableAnswer> {
    return this._requests.json('POST', 'api/tables/get', { ...options, body: request });
  }

  tableHistory(location: string, limit: number, options: IRequestOptions = {}): Promise<ITableHistoryAnswer> {
    return this._requests.json('POST', 'api/tables/history', { ...options, body: { location, limit } });
  }

  tableFiles(request: ITableRequest, limit: number, options: IRequestOptions = {}): Promise<ITableFilesAnswer> {
    return this._requests.json('POST', 'api/tables/files', { ...options, body: { ...request, limit } });
  }

  preview(request: IPreviewRequest, options: IReadOptions = {}): AsyncGenerator<Uint8Array, IPreviewEnd> {
    return this._read('api/preview', request, options);
  }

  async statistics(request: IStatisticsRequest, options: IReadOptions = {}): Promise<IStatisticsEnd> {
    const reading = this._read<IStatisticsEnd>('api/statistics', request, options);
    for (;;) {
      const { done, value } = await reading.next();
      if (done) {
        return value;
      }
    }
  }

  async jobs(options: IRequestOptions = {}): Promise<IJob[]> {
    const answer = await this._requests.json<{ jobs: IJob[] }>('GET', 'jobs', options);
    return answer.jobs;
  }

  async startJob(request: IJobRequest): Promise<string> {
    const answer = await this._requests.json<{ id: string }>('POST', 'jobs', { body: request });
    return answer.id;
  }

  job(id: string, options: IRequestOptions = {}): Promise<IJob> {
    return this._requests.json('GET', `jobs/${encodeURIComponent(id)}`, options);
  }

  async stopJob(id: string): Promise<void> {
    await this._requests.send('DELETE', `jobs/${encodeURIComponent(id)}`, {});
  }

  async *events(id: string, from: number, signal: AbortSignal): AsyncGenerator<IJobEvent> {
    const path = `jobs/${encodeURIComponent(id)}/events`;
    let next = from;
    let attempt = 0;
    for (;;) {
      try {
        const { body } = await this._requests.send('GET', path, { signal, poll: true, query: { from: String(next) } });
        for await (const event of readNdjson(body) as AsyncGenerator<IJobEvent>) {
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
        throw new TwinstoreError(
          'unavailable',
          `The events of job ${id} broke off.`,
          'Refresh to look at the job again.'
        );
      } catch (reason) {
        const error = this._requests.toError(reason, path, signal);
        const delay = RECONNECT_MS[attempt];
        if (error.side === 'request' || delay === undefined) {
          throw error;
        }
        await this._wait(delay, signal);
        attempt += 1;
      }
    }
  }

  /** The Arrow bytes of an answer in frames; returns its `end`. */
  private async *_read<T extends object>(
    path: string,
    body: object,
    { onProgress, ...options }: IReadOptions
  ): AsyncGenerator<Uint8Array, T> {
    const { body: stream } = await this._requests.send('POST', path, { ...options, body });
    try {
      for await (const frame of readFrames(chunksOf(stream))) {
        if (frame.kind === 'arrow') {
          yield frame.bytes;
        } else if (frame.kind === 'progress') {
          onProgress?.(frameJson(frame) as IReadProgress);
        } else {
          return good(frameJson(frame) as T | IFailedEnd);
        }
      }
    } catch (reason) {
      throw this._requests.toError(reason, path, options.signal);
    }
    throw new TwinstoreError('internal', `The answer of ${path} has no end.`, 'Try again.');
  }

  private readonly _requests: Requests;
  private readonly _wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export namespace TwinstoreClient {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    /** Waits between two attempts; rejects or resolves early when the signal aborts. */
    wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  }
}

/** The end of a stream, unless it tells why the work failed. */
function good<T extends object>(end: T | IFailedEnd): T {
  if ('error' in end && isErrorBody(end.error)) {
    throw TwinstoreError.fromBody(end.error);
  }
  return end as T;
}

/** Whether no event of the same job follows. */
function isLast(event: IJobEvent): boolean {
  return event.type === 'result' || event.type === 'failed' || event.type === 'stopped';
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
