import type { IJobEvent } from '../../src/contract';
import { TwinstoreError } from '../../src/contract';
import { FakeServer, json, stream } from './fake_server';

const started = { seq: 1, at_us: 1, type: 'started' };
const progress = { seq: 2, at_us: 2, type: 'progress', stage: 'cell 1 of 2', done: 1, total: 2, unit: 'cells' };
const result = { seq: 3, at_us: 3, type: 'result', result: {} };
const line = (event: unknown): string => `${JSON.stringify(event)}\n`;

async function read(server: FakeServer, from = 1, signal = new AbortController().signal): Promise<IJobEvent[]> {
  const events: IJobEvent[] = [];
  for await (const event of server.client.events('j1', from, signal)) {
    events.push(event);
  }
  return events;
}

async function refused(promise: Promise<unknown>): Promise<TwinstoreError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(TwinstoreError);
  return error as TwinstoreError;
}

describe('TwinstoreClient', () => {
  let server: FakeServer;

  beforeEach(() => {
    server = new FakeServer();
  });

  it('asks below the base URL of the server', async () => {
    server.on('GET jobs', () => json({ jobs: [] }));
    expect(await server.client.jobs()).toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it('marks polls, and only polls, as no activity', async () => {
    server.on('POST api/groups', () => json({ groups: [], errors: [] }));
    await server.client.groups({ poll: true });
    await server.client.groups();
    expect(server.seen.map(({ query }) => query.get('no_track_activity'))).toEqual(['1', null]);
  });

  it('sends what it asks about in the body', async () => {
    server.on('POST api/receipts', () => json({ receipts: [], total: 0 }));
    await server.client.receipts('energy', 20);
    expect(server.seen[0]?.body).toEqual({ group: 'energy', limit: 20 });
    expect(server.seen[0]?.headers.get('Content-Type')).toBe('application/json');
  });

  it('turns an error body into the error that it describes', async () => {
    const body = {
      code: 'store_failed',
      message: 'Cassandra at 127.0.0.1:9042 did not answer in 5 s.',
      remedy: 'Start it.',
      side: 'store',
      details: 'ECONNREFUSED',
      requestId: 'q7'
    };
    server.on('POST api/groups/get', () => json(body, 502));
    const error = await refused(server.client.group('energy'));
    expect(error).toMatchObject({ code: 'store_failed', message: body.message, remedy: body.remedy, side: 'store' });
    expect(error.details).toContain('ECONNREFUSED');
    expect(error.details).toContain('q7');
  });

  it('says how to install the server extension where there is none', async () => {
    const error = await refused(server.client.status());
    expect(error.code).toBe('not_found');
    expect(error.message).toContain(server.baseUrl);
    expect(error.remedy).toContain('pip install');
  });

  it('names the server that does not answer', async () => {
    server.on('GET status', () => {
      throw new TypeError('Failed to fetch');
    });
    const error = await refused(server.client.status());
    expect(error).toMatchObject({ code: 'unavailable', side: 'twinstore' });
    expect(error.message).toContain(server.baseUrl);
  });

  it('does not take a page for an answer', async () => {
    server.on('GET status', () => new Response('<html>login</html>'));
    expect((await refused(server.client.status())).code).toBe('internal');
  });

  it('tells a request that was given up from one that failed', async () => {
    const controller = new AbortController();
    server.on('GET status', () => {
      controller.abort();
      throw new TypeError('aborted');
    });
    expect((await refused(server.client.status({ signal: controller.signal }))).code).toBe('aborted');
  });

  describe('#events', () => {
    it('reads events from pieces that end anywhere', async () => {
      const all = line(started) + line(progress) + line(result);
      const pieces = [all.slice(0, 10), all.slice(10, 70), all.slice(70)];
      server.on('GET jobs/j1/events', () => stream(pieces));
      expect(await read(server)).toEqual([started, progress, result]);
    });

    it('asks from the number it is told', async () => {
      server.on('GET jobs/j1/events', () => stream([line(result)]));
      await read(server, 3);
      expect(server.seen[0]?.query.get('from')).toBe('3');
    });

    it.each(['ends', 'breaks'] as const)('goes on where a stream that %s early stopped', async end => {
      const answers = [stream([line(started), line(progress), '{"seq":3,'], end), stream([line(result)])];
      server.on('GET jobs/j1/events', () => answers.shift() as Response);
      expect(await read(server)).toEqual([started, progress, result]);
      expect(server.seen.map(({ query }) => query.get('from'))).toEqual(['1', '3']);
    });

    it('gives up a job that the server does not know', async () => {
      const body = { code: 'not_found', message: 'No job j1.', remedy: 'Refresh.', side: 'request', details: '' };
      server.on('GET jobs/j1/events', () => json(body, 404));
      expect((await refused(read(server))).message).toBe('No job j1.');
      expect(server.seen).toHaveLength(1);
    });

    it('gives up a server that never comes back', async () => {
      server.on('GET jobs/j1/events', () => {
        throw new TypeError('Failed to fetch');
      });
      expect((await refused(read(server))).code).toBe('unavailable');
      expect(server.seen.length).toBeGreaterThan(3);
    });

    it('asks no more once it is aborted', async () => {
      const controller = new AbortController();
      server.on('GET jobs/j1/events', () => {
        controller.abort();
        return stream([line(started)], 'breaks');
      });
      expect((await refused(read(server, 1, controller.signal))).code).toBe('aborted');
      expect(server.seen).toHaveLength(1);
    });
  });
});
