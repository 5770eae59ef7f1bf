import { connect, TABLE_PROPERTIES, until } from './clients';
import { describeConformance } from './conformance';
import { FakeCqlServer } from './index';

const KEYSPACE = 'features';

describe.each(['keyspaces', 'cassandra'] as const)('the rules of %s', dialect => {
  let server: FakeCqlServer;
  let disconnect: () => Promise<void>;

  describeConformance(
    `a fake with the rules of ${dialect}`,
    async () => {
      server = await FakeCqlServer.start({ dialect, keyspaces: [KEYSPACE], rules: { ddl_ms: 20 } });
      const client = await connect(server);
      disconnect = () => client.shutdown();
      return {
        client,
        keyspace: KEYSPACE,
        define: async (cql, properties) => {
          await client.execute(dialect === 'keyspaces' && properties ? `${cql} ${TABLE_PROPERTIES}` : cql);
          await until(async () => {
            const { rows } = await client.execute('SELECT status FROM system_schema_mcs.tables');
            return rows.every(({ status }) => status === 'ACTIVE');
          });
        },
        pass: async seconds => server.engine.clock.advance(seconds * 1000)
      };
    },
    async () => {
      await disconnect();
      await server.stop();
    }
  );
});
