import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import type { IAccounts } from './auth';
import { Clock } from './clock';
import { Connection } from './connection';
import { Engine } from './engine';
import { MIN_TOKEN } from './murmur3';
import type { INode } from './plan';
import { CASSANDRA, changed, KEYSPACES } from './rules';
import type { RuleChanges } from './rules';

export interface IOptions {
  /** Whose rules count, where `rules` says nothing else. */
  dialect?: 'keyspaces' | 'cassandra';
  rules?: RuleChanges;
  /** Addresses from 127.0.0.1 on, all with one port. With one alone, `system.peers` is empty. */
  nodes?: number;
  /** The region. */
  datacenter?: string;
  /** Who is let in; everybody where nothing is said. */
  accounts?: IAccounts;
  /** PEM texts. */
  tls?: { cert: string; key: string };
  /** Keyspaces that are there from the start. */
  keyspaces?: readonly string[];
}

/** A few: the ports that are free at 127.0.0.1 are so at its neighbours. */
const ATTEMPTS = 10;

/**
 * A CQL server in memory that judges statements as Amazon Keyspaces does, for nothing of that can be had on one's own
 * machine. What it knows is what twinstore, the Spark connector and the drivers send; anything else it refuses, so that
 * what passes here is legal there.
 */
export class FakeCqlServer {
  static async start(options: IOptions = {}): Promise<FakeCqlServer> {
    const { dialect = 'keyspaces', rules = {}, nodes = 3, datacenter = 'eu-west-1' } = options;
    const described = Array.from({ length: nodes }, (_, at) => ({
      address: `127.0.0.${at + 1}`,
      hostId: randomUUID(),
      token: MIN_TOKEN + (2n ** 64n / BigInt(nodes)) * BigInt(at)
    }));
    const ruled = changed(dialect === 'keyspaces' ? KEYSPACES : CASSANDRA, rules);
    const engine = new Engine(ruled, new Clock(), described, datacenter);
    options.keyspaces?.forEach(name => engine.catalog.createKeyspace(name, false, 0));
    const server = new FakeCqlServer(engine, options);
    await server.listen(described);
    return server;
  }

  private constructor(
    /** The tables, the clock, the rules and the report. */
    readonly engine: Engine,
    private readonly options: IOptions
  ) {}

  get port(): number {
    return (this.servers[0]?.address() as AddressInfo).port;
  }

  /** Where it listens, as `address:port`. */
  get hosts(): string[] {
    return this.engine.nodes.map(({ address }) => `${address}:${this.port}`);
  }

  /** Changes some of the rules that count now. */
  change(rules: RuleChanges): void {
    this.engine.rules = changed(this.engine.rules, rules);
  }

  async stop(): Promise<void> {
    this.sockets.forEach(socket => socket.destroy());
    await Promise.all(this.servers.map(server => new Promise(resolve => server.close(resolve))));
  }

  private async listen(nodes: readonly INode[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        for (const node of nodes) {
          const server = this.serverOf(node);
          await listening(server, this.servers.length === 0 ? 0 : this.port, node.address);
          this.servers.push(server);
        }
        return;
      } catch (error) {
        await this.stop();
        this.servers.length = 0;
        if (attempt === ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
          throw error;
        }
      }
    }
  }

  private serverOf(node: INode): Server {
    const take = (socket: Socket): void => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      new Connection(socket, this.engine, node, this.options.accounts ?? null);
    };
    const { tls } = this.options;
    return tls === undefined ? createServer({ noDelay: true }, take) : createTlsServer(tls, take);
  }

  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
}

function listening(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
