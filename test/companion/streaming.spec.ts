import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';

import { FRAMES_MIME, frameJson, readFrames, TwinstoreError } from '../../src/contract';
import { Log } from '../../src/companion/log';
import { Redactor } from '../../src/companion/redaction';
import type { IStreamHandler } from '../../src/companion/routes';
import { CompanionServer } from '../../src/companion/server';
import type { CurrentServices } from '../../src/companion/services';
import type { Parts } from '../../src/companion/streamed';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary_folder';

const MIB = 1024 * 1024;
const SECRET = 'secret';
/** Work of these tests needs no services. */
const services = { get: async () => ({}) } as unknown as CurrentServices;
const servers: CompanionServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close(100)));
  removeTemporaryFolders();
});

/** The answer of a server that streams these parts. */
async function answer(stream: (signal: AbortSignal) => Parts, deadlineMs = 20_000): Promise<IncomingMessage> {
  const handler: IStreamHandler = { deadlineMs, stream: (_, __, signal) => stream(signal) };
  const redactor = new Redactor();
  const server = new CompanionServer({
    secret: SECRET,
    services,
    handlers: { preview: handler },
    log: new Log(() => undefined, redactor, Date.now),
    redactor,
    nowMs: Date.now,
    newRequestId: () => 'made-up'
  });
  servers.push(server);
  const socketPath = join(temporaryFolder(), 's.sock');
  await server.listen(socketPath);
  return new Promise((resolve, reject) => {
    const headers = { 'X-Twinstore-Secret': SECRET, 'X-Request-Id': 'request-7' };
    request({ socketPath, method: 'POST', path: '/preview', headers }, resolve).on('error', reject).end('{}');
  });
}

async function frames(response: IncomingMessage): Promise<[string, unknown][]> {
  const found: [string, unknown][] = [];
  for await (const frame of readFrames(response)) {
    found.push([frame.kind, frame.kind === 'arrow' ? frame.bytes.length : frameJson(frame)]);
  }
  return found;
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    all += chunk;
  }
  return all;
}

const broken = () => new TwinstoreError('store_failed', 'It broke.', 'Mend it.');

describe('an answer that streams', () => {
  it('is frames: progress, Arrow in pieces, and an end', async () => {
    const response = await answer(async function* () {
      yield { progress: { bytes: 1 } };
      yield { arrow: new Uint8Array(2.5 * MIB) };
      return { rows: 3 };
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': FRAMES_MIME, 'x-request-id': 'request-7' });
    expect(await frames(response)).toEqual([
      ['progress', { bytes: 1 }],
      ['arrow', MIB],
      ['arrow', MIB],
      ['arrow', MIB / 2],
      ['end', { rows: 3 }]
    ]);
  });

  it('is an error of the contract when the work fails before its first part', async () => {
    const response = await answer(async function* () {
      throw broken();
    });
    expect([response.statusCode, response.headers['content-type']]).toEqual([502, 'application/json']);
    expect(JSON.parse(await text(response))).toMatchObject({ code: 'store_failed', requestId: 'request-7' });
  });

  it('tells by its end what failed later', async () => {
    const response = await answer(async function* () {
      yield { progress: {} };
      throw broken();
    });
    expect((await frames(response)).at(-1)).toEqual([
      'end',
      { error: expect.objectContaining({ code: 'store_failed', message: 'It broke.', requestId: 'request-7' }) }
    ]);
  });

  it('makes no more than its reader takes', async () => {
    let made = 0;
    const response = await answer(async function* () {
      for (; made < 100; made++) {
        yield { arrow: new Uint8Array(MIB) };
      }
      return {};
    });
    await sleep(300);
    expect(made).toBeLessThan(20);
    expect(await frames(response)).toHaveLength(101);
    expect(made).toBe(100);
  });

  it('stops the work when its reader leaves', async () => {
    let signal: AbortSignal | null = null;
    const ended = new Promise<void>(resolve => {
      void answer(async function* (given) {
        signal = given;
        try {
          yield { progress: {} };
          await new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
        } finally {
          resolve();
        }
        return {};
      }).then(response => response.destroy());
    });
    await ended;
    expect(signal!.reason).toMatchObject({ code: 'aborted' });
  });

  it('may take any time as long as it goes on', async () => {
    const response = await answer(async function* () {
      for (let i = 0; i < 5; i++) {
        await sleep(300);
        yield { progress: { bytes: i } };
      }
      return {};
    }, 1_000);
    expect(await frames(response)).toHaveLength(6);
  });

  it.each([0, 1])('ends when it does not go on, after %i parts', async parts => {
    const response = await answer(async function* () {
      for (let i = 0; i < parts; i++) {
        yield { progress: {} };
      }
      await new Promise(() => undefined);
      return {};
    }, 200);
    const told = parts === 0 ? JSON.parse(await text(response)) : (await frames(response)).at(-1)?.[1];
    expect(JSON.stringify(told)).toContain('The answer did not go on for 0.2 s.');
  });

  it('drops a reader who takes nothing', async () => {
    const response = await answer(async function* () {
      for (let i = 0; i < 100; i++) {
        yield { arrow: new Uint8Array(MIB) };
      }
      return {};
    }, 300);
    await sleep(1_000);
    await expect(frames(response)).rejects.toThrow();
  });
});
