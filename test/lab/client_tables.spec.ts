import type { IPreviewEnd, IReadProgress } from '../../src/contract';
import { encodeFrame, encodeJsonFrame, TwinstoreError } from '../../src/contract';
import type { IReadOptions } from '../../src/tokens';
import { FakeServer, json, stream } from './fake_server';
import { aProblem, aPreviewEnd } from './samples';

const REQUEST = { location: 's3a://raw/events', limit: 100 };
const PROGRESS = { bytes: 10, planned_bytes: 40, rows: 0 };

/** The Arrow bytes of a preview, then its end. */
async function read(server: FakeServer, options: IReadOptions = {}): Promise<[number[], IPreviewEnd]> {
  const bytes: number[] = [];
  const reading = server.client.preview(REQUEST, options);
  for (;;) {
    const { done, value } = await reading.next();
    if (done) {
      return [bytes, value];
    }
    bytes.push(...value);
  }
}

async function refused(promise: Promise<unknown>): Promise<TwinstoreError> {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TwinstoreError);
  return error as TwinstoreError;
}

describe('the client, of tables', () => {
  let server: FakeServer;

  beforeEach(() => {
    server = new FakeServer();
  });

  it('asks for the roots without a location and for a folder with one', async () => {
    server.on('POST api/tables', () => json({ location: null, entries: [], truncated: false }));
    await server.client.tables(null);
    await server.client.tables('s3a://raw');
    expect(server.seen.map(({ body }) => body)).toEqual([{}, { location: 's3a://raw' }]);
  });

  it('names location, version and limit in the body', async () => {
    for (const route of ['tables/get', 'tables/history', 'tables/files']) {
      server.on(`POST api/${route}`, () => json({}));
    }
    await server.client.table({ location: '/data/t', version: 3 });
    await server.client.tableHistory('/data/t', 20);
    await server.client.tableFiles({ location: '/data/t', at_us: 7 }, 50);
    expect(server.seen.map(({ body }) => body)).toEqual([
      { location: '/data/t', version: 3 },
      { location: '/data/t', limit: 20 },
      { location: '/data/t', at_us: 7, limit: 50 }
    ]);
  });

  it('hands on the Arrow bytes of a preview and tells how far it is', async () => {
    const end = aPreviewEnd();
    const whole = [
      encodeJsonFrame('progress', PROGRESS),
      encodeFrame('arrow', Uint8Array.of(1, 2)),
      encodeFrame('arrow', Uint8Array.of(3)),
      encodeJsonFrame('end', end)
    ];
    server.on('POST api/preview', () => stream(whole));
    const told: IReadProgress[] = [];
    expect(await read(server, { onProgress: progress => told.push(progress) })).toEqual([[1, 2, 3], end]);
    expect(told).toEqual([PROGRESS]);
    expect(server.seen[0]?.body).toEqual(REQUEST);
  });

  it('throws the error that ends a stream', async () => {
    const error = aProblem('part-0001.parquet is gone.', 'Choose a version that VACUUM has spared.');
    server.on('POST api/preview', () => stream([encodeJsonFrame('end', { error })]));
    expect(await refused(read(server))).toMatchObject({ message: error.message, remedy: error.remedy });
  });

  it.each(['ends', 'breaks'] as const)('takes no stream that %s before its end for a whole one', async how => {
    server.on('POST api/preview', () => stream([encodeFrame('arrow', Uint8Array.of(1))], how));
    await refused(read(server));
  });

  it('ends the request when a preview is given up', async () => {
    const controller = new AbortController();
    let cancelled = false;
    server.on('POST api/preview', ({ signal }) => {
      const onCancel = (): void => void (cancelled = true);
      signal.addEventListener('abort', onCancel);
      return stream([encodeFrame('arrow', Uint8Array.of(1))], 'waits', onCancel);
    });
    const reading = server.client.preview(REQUEST, { signal: controller.signal });
    expect((await reading.next()).value).toEqual(Uint8Array.of(1));
    controller.abort();
    expect(cancelled).toBe(true);
  });

  it('gives the end of statistics', async () => {
    const end = { version: 3, rows: 2, total: 2, columns: [], bytes: 1, requests: 1, took_ms: 1 };
    server.on('POST api/statistics', () =>
      stream([encodeJsonFrame('progress', PROGRESS), encodeJsonFrame('end', end)])
    );
    expect(await server.client.statistics({ location: '/data/t' })).toEqual(end);
  });
});
