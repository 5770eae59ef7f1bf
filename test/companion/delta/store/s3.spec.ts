import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createS3Client, S3Store } from '../../../../src/companion/delta/store';
import { ALIVE } from '../../support/engine';

/** A server that answers as each test says: faults that no sound server shows. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let store: S3Store;
let requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createS3Client({ endpoint, path_style: true }, { accessKeyId: 'id', secretAccessKey: 'canary-key' });
  store = new S3Store(client, endpoint, () => 0);
});
beforeEach(() => (requests = []));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const READ = { range: { start: 0, end: 5 }, limit: 5, signal: ALIVE };

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}

describe('S3Store', () => {
  it('tries again after a fault of the server and after a body that breaks off', async () => {
    answer = (_, response) => {
      if (requests.length === 1) {
        return refuse(response, 503, 'SlowDown');
      }
      response.writeHead(206, { 'Content-Length': 5 });
      if (requests.length === 2) {
        response.write('he');
        return void setTimeout(() => response.destroy(), 20);
      }
      return void response.end('hello');
    };
    expect(Buffer.from(await store.read('s3a://b/k', READ)).toString()).toBe('hello');
    expect(requests).toHaveLength(3);
  });

  it('tries again when no answer begins within five seconds', async () => {
    answer = (_, response) => {
      if (requests.length > 1) {
        response.writeHead(206, { 'Content-Length': 5 }).end('hello');
      }
    };
    expect(Buffer.from(await store.read('s3a://b/k', READ)).toString()).toBe('hello');
    expect(requests).toHaveLength(2);
  }, 8_000);

  it('gives up after three tries and names the endpoint', async () => {
    answer = (_, response) => refuse(response, 500, 'InternalError');
    await expect(store.read('s3a://b/k', READ)).rejects.toThrow(
      /^S3 at http:\/\/127\.0\.0\.1:\d+ answered 500 for s3a:\/\/b\/k/
    );
    expect(requests).toHaveLength(3);
  });

  it.each([
    [404, 'NoSuchKey', 'not_found', /s3a:\/\/b\/k does not exist/],
    [404, 'NoSuchBucket', 'not_found', /has no bucket b/],
    [403, 'AccessDenied', 'forbidden', /refused access to s3a:\/\/b\/k/],
    [416, 'InvalidRange', 'store_failed', /shorter than the Delta log says/]
  ])('says what %d %s means, at once', async (status, name, code, message) => {
    answer = (_, response) => refuse(response, status, name);
    const error = await store.read('s3a://b/k', READ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(requests).toHaveLength(1);
  });

  it('refuses a server that sends more than was asked for', async () => {
    answer = (_, response) => void response.writeHead(206).end('x'.repeat(100_000));
    await expect(store.read('s3a://b/k', READ)).rejects.toThrow(/more than the 5 bytes/);
  });

  it('ends the request when it is aborted', async () => {
    let closed: () => void = () => undefined;
    const left = new Promise<void>(resolve => (closed = resolve));
    const controller = new AbortController();
    answer = (_, response) => {
      response.on('close', closed);
      response.writeHead(206, { 'Content-Length': 5 }).write('h');
      setTimeout(() => controller.abort(new Error('enough')), 20);
    };
    await expect(store.read('s3a://b/k', { ...READ, signal: controller.signal })).rejects.toThrow('enough');
    await left;
  });

  it('names the endpoint when nothing listens there', async () => {
    const client = createS3Client(
      { endpoint: 'http://127.0.0.1:1', path_style: true },
      { accessKeyId: 'i', secretAccessKey: 's' }
    );
    const dead = new S3Store(client, 'http://127.0.0.1:1', () => 0);
    await expect(dead.list('s3a://b', { signal: ALIVE })).rejects.toMatchObject({
      code: 'store_failed',
      message: 'S3 at http://127.0.0.1:1 did not answer.',
      details: expect.stringContaining('ECONNREFUSED')
    });
  });

  it('lists all pages of one level', async () => {
    answer = ({ url = '' }, response) => {
      const first = !url.includes('continuation-token=two');
      const key = (name: string) =>
        `<Contents><Key>t/_delta_log/${name}</Key><Size>7</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
      response.writeHead(200, { 'Content-Type': 'application/xml' });
      response.end(
        `<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>${first}</IsTruncated>${
          first ? `<NextContinuationToken>two</NextContinuationToken>${key('')}${key('1.json')}` : key('2.json')
        }<CommonPrefixes><Prefix>t/_delta_log/${first ? 'x' : 'y'}/</Prefix></CommonPrefixes></ListBucketResult>`
      );
    };
    const { files, folders } = await store.list('s3a://b/t/_delta_log', { after: '0', signal: ALIVE });
    expect(files).toEqual([
      { name: '1.json', size: 7, modifiedMs: Date.UTC(2026, 0) },
      { name: '2.json', size: 7, modifiedMs: Date.UTC(2026, 0) }
    ]);
    expect(folders).toEqual(['x', 'y']);
    expect(requests[0]).toContain('start-after=t%2F_delta_log%2F0');
  });
});
