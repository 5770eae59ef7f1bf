// A companion that can be told to fail: the fault fake of the tests of its life and of the proxy. It keeps the handshake
// of the real one (one JSON line on stdin, a Unix socket, a secret in each request, ends with stdin).
//
// node companion.mjs [--crash-at-start] [--never-listen] [--deaf] [--protocol N] [--unwell] [--with-child]
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const flags = new Set(process.argv.slice(2));
const protocol = Number(process.argv[process.argv.indexOf('--protocol') + 1]) || 1;
let hung = false;
let gone = 0;

if (flags.has('--crash-at-start')) {
  console.error('cannot start: AKIAABCDEFGHIJKLMNOP is not welcome');
  process.exit(3);
}
if (flags.has('--deaf')) {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 1000);
}
if (flags.has('--with-child')) {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  console.error(`child ${child.pid}`);
}

const input = createInterface({ input: process.stdin });
input.once('line', line => {
  const { socket, secret } = JSON.parse(line);
  console.error(`secret ${secret}`);
  if (!flags.has('--never-listen')) {
    createServer((request, response) => serve(request, response, secret)).listen(socket, () => {
      console.log(JSON.stringify({ listening: socket }));
    });
  }
});
if (!flags.has('--deaf')) {
  input.once('close', () => process.exit(0));
}

function serve(request, response, secret) {
  const path = new URL(request.url, 'http://companion').pathname;
  if (hung) {
    return;
  }
  if (request.headers['x-twinstore-secret'] !== secret) {
    answer(response, 403, error('forbidden', 'Wrong secret.'));
    return;
  }
  switch (path) {
    case '/health':
      answer(
        response,
        flags.has('--unwell') ? 503 : 200,
        flags.has('--unwell')
          ? error('unavailable', 'No settings.')
          : {
              protocol,
              version: '9.9.9',
              node: process.version,
              environment: 'fake',
              acting_as: 'nobody',
              stores: [],
              gone
            }
      );
      return;
    case '/groups':
      echo(request, response);
      return;
    case '/groups/get':
      fault(request, response);
      return;
    case '/receipts':
      stream(response);
      return;
    case '/proofs':
      flood(response);
      return;
    default:
      answer(response, 404, error('not_found', `No route ${path}.`));
  }
}

/** What was received, and headers that must not reach the browser; a sender that leaves is counted like a reader. */
async function echo(request, response) {
  let bytes = 0;
  let text = '';
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (text.length < 1000) {
        text += chunk;
      }
    }
  } catch {
    gone += 1;
    return;
  }
  response.setHeader('Set-Cookie', 'planted=1');
  response.setHeader('X-Powered-By', 'fake');
  answer(response, 200, { url: request.url, headers: request.headers, bytes, text: text.slice(0, 1000) });
}

/** Does the fault named in the body. */
async function fault(request, response) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  const { fault: name } = JSON.parse(text);
  switch (name) {
    case 'exit':
      // As a process under load dies: it still takes connections when its last answer has already broken off.
      hung = true;
      response.destroy();
      setTimeout(() => process.exit(7), 200);
      break;
    case 'hang':
      hung = true;
      break;
    case 'break':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"half":');
      setTimeout(() => response.destroy(), 50);
      break;
    case 'conflict':
      answer(response, 409, error('conflict', 'Taken.'));
      break;
    default:
      answer(response, 400, error('bad_request', `No fault ${name}.`));
  }
}

/** A line each 50 ms until the reader leaves, which `health` then counts. */
function stream(response) {
  response.writeHead(200, { 'Content-Type': 'application/vnd.twinstore.frames' });
  let number = 0;
  const timer = setInterval(() => response.write(`line ${number++}\n`), 50);
  response.once('close', () => {
    clearInterval(timer);
    gone += 1;
  });
}

/** 256 MiB as fast as the reader takes them; how far it got is told on stderr once a second. */
function flood(response) {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  const timer = setInterval(() => console.error(`flooded ${sent} MiB`), 200);
  const more = () => {
    while (sent < 256) {
      sent += 1;
      if (!response.write(piece)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  response.once('close', () => clearInterval(timer));
  more();
}

function answer(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function error(code, message) {
  return { code, message, remedy: 'None.', side: 'twinstore', details: '', requestId: '' };
}
