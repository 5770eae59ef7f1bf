import { setTimeout as sleep } from 'node:timers/promises';
import { Client, types } from 'cassandra-driver';
import type { ClientOptions } from 'cassandra-driver';

import type { FakeCqlServer } from './index';

/** What a table of twinstore needs of Keyspaces. */
export const TABLE_PROPERTIES =
  "WITH CUSTOM_PROPERTIES = {'client_side_timestamps': {'status': 'enabled'}, 'ttl': {'status': 'enabled'}}";

/** A connected client. The driver takes the port of the peers from its options alone. */
export async function connect(server: FakeCqlServer, options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = new Client({
    contactPoints: server.hosts.slice(0, 1),
    localDataCenter: server.engine.datacenter,
    protocolOptions: { port: server.port },
    queryOptions: { consistency: types.consistencies.localQuorum },
    ...options
  });
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw error;
  }
  return client;
}

/** Waits until it is so, at most five seconds. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 5_000; !(await isSo());) {
    if (Date.now() > deadline) {
      throw new Error('It did not come to be so within five seconds.');
    }
    await sleep(5);
  }
}
