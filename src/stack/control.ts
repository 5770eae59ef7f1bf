import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import { TwinstoreError, isErrorBody } from '../contract';
import type { IErrorBody } from '../contract';
import type { PartName } from './part';

/** What a supervisor can be asked. */
export type ControlRequest =
  { verb: 'status' } | { verb: 'down' } | { verb: 'start'; part: PartName } | { verb: 'stop'; part: PartName };

export type PartState = 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** A part as `stack status` shows it. */
export interface IPartStatus {
  name: PartName;
  title: string;
  state: PartState;
  /** Whether it answered a probe just now. */
  answers: boolean;
  pid: number | null;
  port: number;
  /** Resident memory; null when it does not run or cannot be told. */
  rss_bytes: number | null;
  uptime_s: number | null;
  log: string;
  error: IErrorBody | null;
}

/** Answer to every request: how the stack is now. */
export interface ISupervisorStatus {
  pid: number;
  rss_bytes: number | null;
  uptime_s: number;
  parts: IPartStatus[];
}

/** Longest time that a request may take: a start of Cassandra. */
const ANSWER_MS = 120_000;

/** Ask the supervisor that listens on a socket. Null when none does. Throws what it refuses or fails at. */
export async function askSupervisor(socket: string, request: ControlRequest): Promise<ISupervisorStatus | null> {
  const connection = createConnection(socket);
  connection.setTimeout(ANSWER_MS);
  let answer: string | null;
  try {
    answer = await new Promise<string | null>((resolve, reject) => {
      connection.once('connect', () => connection.write(`${JSON.stringify(request)}\n`));
      connection.once('error', (error: NodeJS.ErrnoException) =>
        ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(null) : reject(error)
      );
      connection.once('timeout', () => reject(silent(request)));
      const lines = createInterface({ input: connection });
      lines.on('error', () => undefined); // The connection's own error is heard above.
      lines.once('line', resolve);
      lines.once('close', () => resolve(null));
    });
  } finally {
    connection.destroy();
  }
  if (answer === null) {
    return null;
  }
  const parsed: { status?: ISupervisorStatus; error?: IErrorBody } = JSON.parse(answer);
  if (isErrorBody(parsed.error)) {
    throw TwinstoreError.fromBody(parsed.error);
  }
  return parsed.status ?? null;
}

function silent({ verb }: ControlRequest): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `The stack's supervisor did not answer '${verb}' within ${ANSWER_MS / 1000} s.`,
    'See logs/supervisor.log in the folder of the stack.',
    { side: 'twinstore' }
  );
}

/** Listen for requests. A socket file that nobody listens on any more is replaced; the caller has made sure of that. */
export async function serveControl(
  socket: string,
  handle: (request: ControlRequest) => Promise<ISupervisorStatus>,
  toBody: (error: unknown) => IErrorBody
): Promise<Server> {
  rmSync(socket, { force: true });
  const server = createServer(connection => {
    connection.on('error', () => undefined); // A client that left is no matter.
    const lines = createInterface({ input: connection });
    lines.on('error', () => undefined); // It repeats what the connection says.
    lines.once('line', line => {
      void Promise.resolve()
        .then(() => handle(JSON.parse(line)))
        .then(
          status => ({ status }),
          (error: unknown) => ({ error: toBody(error) })
        )
        .then(answer => connection.end(`${JSON.stringify(answer)}\n`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return server;
}
