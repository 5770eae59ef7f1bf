import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askCompanion } from '../../src/cli/companion_client';

let runtime: string;
let servers: (Server | HttpServer)[];
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'runtime-'));
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map(server => new Promise(done => server.close(done))));
  rmSync(runtime, { recursive: true });
});

async function listen(server: Server | HttpServer, name: string): Promise<string> {
  servers.push(server);
  const path = join(runtime, name);
  await new Promise<void>(done => server.listen(path, done));
  return path;
}

/** Asks a companion that answers by `answers`, the last one again and again. */
async function ask(...answers: RequestListener[]): Promise<unknown> {
  let asked = 0;
  const companion = createHttpServer((request, response) =>
    answers[Math.min(asked++, answers.length - 1)]!(request, response)
  );
  const address = JSON.stringify({ socket: await listen(companion, 'companion.sock'), secret: 'sesame' });
  await listen(
    createServer(connection => connection.resume().end(`${address}\n`)),
    'control.sock'
  );
  return askCompanion(runtime, 'groups', {}, new AbortController().signal);
}

const breaksOff: RequestListener = request => request.socket.destroy();

test('a companion that goes while it is asked is asked again', async () => {
  await expect(ask(breaksOff, (_, response) => response.end('{"groups": []}'))).resolves.toEqual({ groups: [] });
});

test('a companion that goes twice is one error with what to do', async () => {
  await expect(ask(breaksOff)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The companion broke off while it answered groups.',
    remedy: 'Try again; its log is in the Twinstore sidebar.'
  });
});

test('an error of the companion stays what it is, and names the request', async () => {
  const error = { code: 'not_found', message: 'No.', remedy: 'Ask.', side: 'request', details: 'why', requestId: '7' };
  const refuses: RequestListener = (_, response) => response.writeHead(404).end(JSON.stringify(error));
  await expect(ask(refuses)).rejects.toMatchObject({ code: 'not_found', message: 'No.', details: 'why\nRequest 7' });
});
