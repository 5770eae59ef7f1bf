import { auth, Client, errors, policies, types } from 'cassandra-driver';
import type { ClientOptions } from 'cassandra-driver';
import { isIP } from 'node:net';

import { TwinstoreError } from '../../contract';
import type { OnlineStore as OnlineSettings } from '../../contract';

/** How long an answer may take before the store counts as unreachable. */
const DEADLINE_MS = 5_000;
const RECONNECT_MS = 1_000;

export interface ILogin {
  username: string;
  password: string;
}

/**
 * Options of the driver as the settings ask for them.
 *
 * @param ca PEM texts of all authorities that TLS trusts; null for those of Node.
 */
export function clientOptions(settings: OnlineSettings, login: ILogin | null, ca: Buffer | null = null): ClientOptions {
  const [first = ''] = settings.hosts;
  const options: ClientOptions = {
    contactPoints: settings.hosts,
    localDataCenter: settings.datacenter,
    // Of the nodes that the first ones tell of, which tell no port.
    protocolOptions: { port: Number(first.slice(first.lastIndexOf(':') + 1)) },
    queryOptions: {
      consistency: types.consistencies[consistencyName(settings.consistency ?? 'LOCAL_QUORUM')],
      isIdempotent: true,
      prepare: true
    },
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: 2_000, readTimeout: DEADLINE_MS },
    // The default waits up to ten minutes before it looks for a host that was down.
    policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(RECONNECT_MS) }
  };
  if (login !== null) {
    options.authProvider = new auth.PlainTextAuthProvider(login.username, login.password);
  }
  if (settings.tls === true) {
    options.sslOptions = {
      rejectUnauthorized: true,
      ...(ca === null ? {} : { ca }),
      ...serverName(settings.hosts)
    };
  }
  return options;
}

interface IConnection {
  client: Client;
  /** Fails when no host can be reached. */
  ready: Promise<void>;
}

/** One lazy connection, shared by all who ask, made anew after it broke. */
export class OnlineStore {
  /**
   * @param name What errors call the store, such as `Cassandra`.
   * @param address Its hosts, such as `127.0.0.1:9042`.
   */
  constructor(
    readonly name: string,
    readonly address: string,
    private readonly options: ClientOptions
  ) {}

  /** Throws when the store does not answer. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.rows('SELECT release_version FROM system.local', [], signal);
  }

  /**
   * The rows of a query, at most one page. Parameters are bound.
   *
   * Throws `deadline` after 5 s without an answer, `store_failed` when no host is there or the query was refused,
   * `forbidden` when the login was.
   */
  async rows(cql: string, params: readonly string[], signal: AbortSignal): Promise<types.Row[]> {
    const connection = (this.connection ??= this.connect());
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    try {
      const work = connection.ready.then(() => connection.client.execute(cql, [...params]));
      return (await until(work, AbortSignal.any([signal, deadline]))).rows;
    } catch (error) {
      if (!(error instanceof errors.ResponseError) && !signal.aborted) {
        this.drop(connection);
      }
      signal.throwIfAborted();
      throw this.translate(error, deadline.aborted);
    } finally {
      if (this.disposed) {
        this.drop(connection);
      }
    }
  }

  /** Ends the connection. Work that still goes on may connect once more, for itself. */
  dispose(): void {
    this.disposed = true;
    if (this.connection !== null) {
      this.drop(this.connection);
    }
  }

  private connect(): IConnection {
    const client = new Client(this.options);
    return { client, ready: client.connect() };
  }

  /** A client whose hosts are gone is not waited for: the next query connects afresh. */
  private drop(connection: IConnection): void {
    if (this.connection !== connection) {
      // Whoever shared it was faster.
      return;
    }
    this.connection = null;
    // The driver shuts down only what is connected: what still connects is let go once it is.
    connection.ready
      .then(
        () => connection.client.shutdown(),
        () => closeForgotten(connection.client)
      )
      .catch(() => undefined);
  }

  private translate(error: unknown, late: boolean): TwinstoreError {
    const at = `${this.name} at ${this.address}`;
    const options = { side: 'store' as const, details: describe(error), cause: error };
    if (late) {
      const remedy = 'Check that it runs and is not overloaded.';
      return new TwinstoreError('deadline', `${at} did not answer in ${DEADLINE_MS / 1000} s.`, remedy, options);
    }
    const causes = error instanceof errors.NoHostAvailableError ? Object.values(error.innerErrors ?? {}) : [error];
    if (causes.some(cause => cause instanceof errors.AuthenticationError)) {
      const remedy = 'Check the credentials named in twinstore.toml.';
      return new TwinstoreError('forbidden', `${at} refused the login.`, remedy, options);
    }
    if (error instanceof errors.ResponseError) {
      return new TwinstoreError('store_failed', `${at} refused a query.`, 'Look into the details.', options);
    }
    const remedy = 'Check that it runs and that the hosts and the datacenter in twinstore.toml are right.';
    return new TwinstoreError('store_failed', `${at} did not answer.`, remedy, options);
  }

  private connection: IConnection | null = null;
  private disposed = false;
}

function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function consistencyName(name: NonNullable<OnlineSettings['consistency']>): keyof typeof types.consistencies {
  const names = {
    LOCAL_ONE: 'localOne',
    LOCAL_QUORUM: 'localQuorum',
    QUORUM: 'quorum',
    ALL: 'all',
    ONE: 'one'
  } as const;
  return names[name];
}

/**
 * The name that certificates are checked against: the driver dials IP addresses. Where hosts are addresses, or several
 * names, each is checked against its own address. Never the option `host`, which would redirect every connection.
 */
function serverName(hosts: readonly string[]): { servername?: string } {
  const names = new Set(hosts.map(host => host.slice(0, host.lastIndexOf(':'))));
  const [name = ''] = names;
  return names.size === 1 && isIP(name) === 0 ? { servername: name } : {};
}

function describe(error: unknown): string {
  if (error instanceof errors.NoHostAvailableError) {
    return Object.entries((error.innerErrors ?? {}) as Record<string, unknown>)
      .map(([host, cause]) => `${host}: ${String(cause)}`)
      .join('; ');
  }
  return String(error);
}

/**
 * Closes what a client holds that did not connect.
 *
 * #### Notes
 * cassandra-driver 4.10 leaves the connection open by which it learnt that the datacenter is another one, and `shutdown`
 * passes it over. The field is its own; where it is gone, so may be the defect.
 */
function closeForgotten(client: Client): void {
  const { controlConnection } = client as unknown as { controlConnection?: { connection?: { close(): void } } };
  controlConnection?.connection?.close();
}
