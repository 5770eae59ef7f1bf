import { randomUUID } from 'node:crypto';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

import { VERSION } from '../contract';
import { errorBody } from './error_body';
import { readHandshake } from './handshake';
import { Log } from './log';
import { Redactor } from './redaction';
import { HANDLERS } from './routes';
import { CompanionServer } from './server';
import { CurrentServices } from './services';

/** How long running requests may take to finish when the companion ends. */
const GRACE_MS = 1_000;

/** Serves until stdin closes or a signal comes. Resolves to the exit code. */
async function main(): Promise<number> {
  const redactor = new Redactor();
  const log = new Log(line => process.stderr.write(line), redactor, Date.now);
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    // Node's own report would show secrets that an error may carry.
    process.once(name, (error: unknown) => {
      log.error('crashed', { details: errorBody(error, '', redactor).details });
      process.exit(1);
    });
  }
  let end: (why: string) => void = () => undefined;
  const ended = new Promise<string>(resolve => (end = resolve));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => end(name));
  }
  try {
    const handshake = await readHandshake(process.stdin, () => end('stdin closed'));
    if (handshake === null) {
      return 0;
    }
    redactor.remember(handshake.secret);
    const services = new CurrentServices({
      places: { env: process.env, cwd: process.cwd(), home: homedir() },
      workerScript: join(__dirname, 'worker.js'),
      redactor,
      nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
      random: Math.random,
      user: userInfo().username
    });
    const server = new CompanionServer({
      secret: handshake.secret,
      services,
      handlers: HANDLERS,
      log,
      redactor,
      nowMs: Date.now,
      newRequestId: randomUUID
    });
    await server.listen(handshake.socket);
    process.stdout.write(`${JSON.stringify({ listening: handshake.socket })}\n`);
    log.info('listening', { socket: handshake.socket, version: VERSION, node: process.version, pid: process.pid });
    log.info('ending', { why: await ended });
    await server.close(GRACE_MS);
    await services.dispose();
    return 0;
  } catch (error) {
    const { code, message, remedy, details } = errorBody(error, '', redactor);
    log.error('ended', { code, message, remedy, details });
    return 1;
  }
}

// The driver and the worker may hold the process open though nobody needs them any more.
void main().then(code => process.exit(code));
