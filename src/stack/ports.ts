import { createServer } from 'node:net';
import { TwinstoreError } from '../contract';

/** Everything of a stack listens here and nowhere else. */
export const HOST = '127.0.0.1';

/** Ports of a stack. `storage` is Cassandra's port to its peers, of which it has none. */
export interface IPorts {
  cassandra: number;
  storage: number;
  s3: number;
}

const WHO: Readonly<Record<keyof IPorts, readonly [who: string, option: string]>> = {
  cassandra: ['Cassandra', '--cassandra-port'],
  storage: ['Cassandra', '--cassandra-port'],
  s3: ['the S3 server', '--s3-port']
};

/** Whether nothing listens on a port of 127.0.0.1. Port 0 stands for any. Answers the port, or null when taken. */
async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(null) : reject(error)
    );
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

/**
 * A port for each name: the one that was asked for, else the one it had before if that is free, else any free one.
 *
 * Throws `conflict` when a port that was asked for is taken.
 */
export async function choosePorts(asked: Partial<IPorts>, before: Partial<IPorts> = {}): Promise<IPorts> {
  const taken = new Set<number>();
  const choose = async (name: keyof IPorts): Promise<number> => {
    const wish = asked[name];
    if (wish !== undefined) {
      await requireFree(...WHO[name], wish);
      return wish;
    }
    const old = before[name];
    let port = old !== undefined ? await tryPort(old) : null;
    while (port === null || taken.has(port)) {
      port = await tryPort(0);
    }
    return port;
  };
  const ports = { cassandra: 0, storage: 0, s3: 0 };
  for (const name of ['cassandra', 's3', 'storage'] as const) {
    ports[name] = await choose(name);
    taken.add(ports[name]);
  }
  return ports;
}

/** Throws `conflict` when something else listens on a port that `who` is to listen on. */
export async function requireFree(who: string, option: string, port: number): Promise<void> {
  if ((await tryPort(port)) === null) {
    throw new TwinstoreError(
      'conflict',
      `Port ${port} of ${HOST}, on which ${who} is to listen, is taken.`,
      `End what listens there, or choose another port (\`${option}\`).`
    );
  }
}

/** The port if it is free, else any that is. */
export async function freePort(port: number): Promise<number> {
  return (await tryPort(port)) ?? freePort(0);
}
