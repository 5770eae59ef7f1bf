import { Client } from 'cassandra-driver';

import { clientOptions, OnlineStore, readOnlineTables } from '../../../src/companion/online';
import type { FeatureGroupDefinition } from '../../../src/contract';
import { FakeCqlServer } from '../../fakes/cql/index';
import { ALIVE } from '../support/engine';

const WIDE: FeatureGroupDefinition = {
  name: 'wide',
  keys: ['id'],
  event_timestamp: 'day',
  columns: [
    { name: 'id', type: 'string' },
    { name: 'day', type: 'date' },
    { name: 'near', type: 'double' },
    { name: 'far', type: 'double', online_table: 'wide_2' },
    { name: 'farther', type: 'double', online_table: 'wide_3' },
    { name: 'farthest', type: 'double', online_table: 'wide_3' }
  ],
  ttl_seconds: null,
  offline: '/features/wide',
  online: 'features.wide'
};

let fake: FakeCqlServer;
let client: Client;
let store: OnlineStore;

beforeAll(async () => {
  fake = await FakeCqlServer.start({ dialect: 'cassandra', keyspaces: ['features'] });
  const options = clientOptions({ hosts: fake.hosts.slice(0, 1), datacenter: 'eu-west-1' }, null);
  client = new Client(options);
  store = new OnlineStore('Cassandra', 'fake', options);
});
afterAll(async () => {
  store.dispose();
  await client.shutdown();
  await fake.stop();
});

it("tells whose each of a group's tables is, and which is not there", async () => {
  const ours = JSON.stringify({ twinstore: 1, table_id: 'ours', offline: WIDE.offline });
  for (const [table, comment] of [
    ['wide', ours],
    ['wide_3', 'of somebody']
  ]) {
    await client.execute(`CREATE TABLE features.${table} (id text PRIMARY KEY) WITH comment = '${comment}'`, [], {
      prepare: false
    });
  }
  expect(await readOnlineTables(store, WIDE, ALIVE)).toEqual({
    tables: [
      { name: 'features.wide', exists: true, tableId: 'ours' },
      { name: 'features.wide_2', exists: false, tableId: null },
      { name: 'features.wide_3', exists: true, tableId: null }
    ],
    inFlight: null
  });
});
