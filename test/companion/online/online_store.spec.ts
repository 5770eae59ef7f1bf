import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'cassandra-driver';

import { clientOptions, OnlineStore } from '../../../src/companion/online';
import { FakeCqlServer } from '../../fakes/cql/index';
import { ALIVE } from '../support/engine';

/** A host that does with each connection what a test says. */
let server: Server;
let onConnection: (socket: Socket) => void;
const open = new Set<Socket>();
let connections = 0;
let store: OnlineStore;

beforeAll(async () => {
  server = createServer(socket => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  connections = 0;
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = new OnlineStore('Cassandra', host, clientOptions({ hosts: [host], datacenter: 'datacenter1' }, null));
});
afterAll(() => {
  open.forEach(socket => socket.destroy());
  server.close();
});

describe('OnlineStore', () => {
  it('dials a host that refuses once for each query', async () => {
    onConnection = socket => socket.once('data', frame => socket.write(refusal(frame)));
    for (const dialled of [1, 2]) {
      await expect(store.ping(ALIVE)).rejects.toMatchObject({ code: 'store_failed' });
      await sleep(200);
      expect(connections).toBe(dialled);
    }
  });

  it('lets go of a host that it is still connecting to when it is disposed', async () => {
    onConnection = socket => void socket.resume();
    const asked = store.ping(ALIVE).catch((error: unknown) => error);
    await sleep(200);
    expect(open.size).toBe(1);
    store.dispose();
    await asked;
    await sleep(500);
    expect(open.size).toBe(0);
    expect(connections).toBe(1);
  }, 10_000);
});

describe('an OnlineStore of another datacenter', () => {
  it('says so, and leaves no connection behind', async () => {
    const fake = await FakeCqlServer.start({ keyspaces: ['features'] });
    const [host = ''] = fake.hosts;
    onConnection = socket => {
      const through = connect(fake.port, '127.0.0.1').on('error', () => undefined);
      socket.pipe(through).pipe(socket);
    };
    const other = new OnlineStore(
      'Cassandra',
      host,
      clientOptions({ hosts: [`127.0.0.1:${(server.address() as AddressInfo).port}`], datacenter: 'elsewhere' }, null)
    );
    try {
      await expect(other.ping(ALIVE)).rejects.toMatchObject({ remedy: expect.stringContaining('datacenter') });
      other.dispose();
      await sleep(300);
      expect([connections > 0, open.size]).toEqual([true, 0]);
    } finally {
      await fake.stop();
    }
  });
});

describe('clientOptions', () => {
  it('find the other nodes at the port of the first, and trust the authorities that they are given', async () => {
    const fake = await FakeCqlServer.start({ nodes: 3, keyspaces: ['features'] });
    const client = new Client(clientOptions({ hosts: fake.hosts.slice(0, 1), datacenter: 'eu-west-1' }, null));
    try {
      await client.connect();
      expect(client.hosts.keys().sort()).toEqual(fake.hosts);
    } finally {
      await client.shutdown();
      await fake.stop();
    }
    const settings = { hosts: ['cassandra.eu-west-1.amazonaws.com:9142'], datacenter: 'eu-west-1', tls: true };
    expect(clientOptions(settings, null, Buffer.from('PEM'))).toMatchObject({
      protocolOptions: { port: 9142 },
      sslOptions: { ca: Buffer.from('PEM'), rejectUnauthorized: true, servername: 'cassandra.eu-west-1.amazonaws.com' }
    });
  });
});

/** What a host that is still starting answers to a request: ERROR, code 0x1002. */
function refusal(request: Buffer): Buffer {
  const version = request.readUInt8(0) | 0x80;
  const stream = request.subarray(2, 4);
  return Buffer.from([version, 0, ...stream, 0, 0, 0, 0, 6, 0, 0, 0x10, 0x02, 0, 0]);
}
