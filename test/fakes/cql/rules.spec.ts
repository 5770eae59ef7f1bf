import { types } from 'cassandra-driver';
import type { Client } from 'cassandra-driver';

import { connect, TABLE_PROPERTIES, until } from './clients';
import { DEFAULT_PARTITIONER, FakeCqlServer } from './index';
import type { IOptions } from './index';

const { localOne, localQuorum, quorum } = types.consistencies;
const HOUR_MS = 3_600_000;

let server: FakeCqlServer;
let client: Client;

/** A server with one keyspace `ks` and, where DDL takes no time, one table `ks.t` that has all properties. */
async function start(options: IOptions = {}, ddl_ms = 0): Promise<void> {
  server = await FakeCqlServer.start({ keyspaces: ['ks'], ...options, rules: { ddl_ms, ...options.rules } });
  client = await connect(server);
  if (ddl_ms === 0) {
    const properties = options.dialect === 'cassandra' ? '' : TABLE_PROPERTIES;
    await client.execute(`CREATE TABLE ks.t (k text PRIMARY KEY, a int) ${properties}`);
  }
}

afterEach(async () => {
  await client.shutdown();
  await server.stop();
});

/** What is said against a statement. */
async function refusal(cql: string, params?: unknown[], consistency = localQuorum): Promise<string> {
  const options = { prepare: params !== undefined, consistency };
  return client.execute(cql, params, options).then(
    () => 'not refused',
    (error: Error) => error.message
  );
}

const insertAt = (stampUs: number): Promise<string> =>
  refusal(`INSERT INTO ks.t (k, a) VALUES ('x', 1) USING TIMESTAMP ${stampUs}`);

describe('write timestamps', () => {
  it('may lie two days back and five minutes ahead of the clock', async () => {
    await start();
    const now = Date.now() * 1000;
    expect(await insertAt(now + 290e6)).toBe('not refused');
    expect(await insertAt(now + 310e6)).toContain('out of range');
    // Event time in place of write time, and seconds in place of microseconds.
    expect(await insertAt(Date.parse('2014-01-01') * 1000)).toContain('out of range');
    expect(await insertAt(Math.floor(now / 1e6))).toContain('out of range');
    server.engine.clock.advance(47 * HOUR_MS);
    expect(await insertAt(now)).toBe('not refused');
    server.engine.clock.advance(1.1 * HOUR_MS);
    expect(await insertAt(now)).toContain('out of range');
    expect(await refusal(`DELETE FROM ks.t USING TIMESTAMP ${now} WHERE k = 'x'`)).toContain('out of range');
    // Also where the driver alone proposes one, whose clock is two days behind by now.
    expect(await refusal("INSERT INTO ks.t (k, a) VALUES ('x', 1)")).toContain('out of range');
    expect(server.engine.report.refused[await insertAt(now)]).toBeGreaterThan(1);
  });

  it('need client_side_timestamps, and so does WRITETIME; times to live need ttl', async () => {
    await start();
    await client.execute('CREATE TABLE ks.plain (k text PRIMARY KEY, a int)');
    const insert = "INSERT INTO ks.plain (k, a) VALUES ('x', 1)";
    expect(await refusal(`${insert} USING TIMESTAMP ${Date.now() * 1000}`)).toContain('client_side_timestamps');
    expect(await refusal('SELECT writetime(a) FROM ks.plain')).toContain('client-side timestamps');
    expect(await refusal(`${insert} USING TTL 10`)).toContain('ttl');
    // What the driver proposes is not taken then: the later write wins, though the driver's clock says otherwise.
    const options = { timestamp: Date.now() * 1000 };
    await client.execute("INSERT INTO ks.plain (k, a) VALUES ('x', 1)", [], { timestamp: Date.now() * 1000 + 1e8 });
    await client.execute("INSERT INTO ks.plain (k, a) VALUES ('x', 2)", [], options);
    expect((await client.execute('SELECT a FROM ks.plain')).first()['a']).toBe(2);

    await client.execute(`ALTER TABLE ks.plain ${TABLE_PROPERTIES}`);
    expect(await refusal(`${insert} USING TIMESTAMP ${Date.now() * 1000} AND TTL 10`)).toBe('not refused');
    const off = "ALTER TABLE ks.plain WITH CUSTOM_PROPERTIES = {'client_side_timestamps': {'status': 'disabled'}}";
    expect(await refusal(off)).toContain('can only be enabled');
    const { rows } = await client.execute(
      "SELECT custom_properties FROM system_schema_mcs.tables WHERE keyspace_name = 'ks' AND table_name = 'plain'"
    );
    expect(rows[0]?.['custom_properties']).toMatchObject({ ttl: { status: 'enabled' } });
    expect(await refusal("CREATE TABLE ks.u (k int PRIMARY KEY) WITH CUSTOM_PROPERTIES = {'nope': {}}")).toContain(
      'nope'
    );
  });
});

it('writes at LOCAL_QUORUM alone, and reads at three levels', async () => {
  await start();
  const insert = "INSERT INTO ks.t (k, a) VALUES ('x', 1)";
  expect(await refusal(insert, undefined, localOne)).toBe(
    'Consistency level LOCAL_ONE is not supported for this operation. Supported consistency levels are: LOCAL_QUORUM'
  );
  const batch = client.batch([{ query: insert }], { consistency: quorum, logged: false });
  await expect(batch).rejects.toMatchObject({ code: types.responseErrorCodes.invalid });
  expect(await refusal('SELECT * FROM ks.t', undefined, localOne)).toBe('not refused');
  expect(await refusal('SELECT * FROM ks.t', undefined, quorum)).toContain('ONE, LOCAL_QUORUM, LOCAL_ONE');
  expect(await refusal('SELECT * FROM system_schema.tables', undefined, quorum)).toContain('QUORUM');
});

it('takes 225 columns in a statement, and 166 where the table has times to live', async () => {
  await start();
  const names = Array.from({ length: 226 }, (_, at) => `c${at}`);
  const columns = names.map(name => `${name} int`).join(', ');
  const stamped = "WITH CUSTOM_PROPERTIES = {'client_side_timestamps': {'status': 'enabled'}}";
  await client.execute(`CREATE TABLE ks.wide (k int PRIMARY KEY, ${columns}) ${stamped}`);
  await client.execute(`CREATE TABLE ks.brief (k int PRIMARY KEY, ${columns}) ${TABLE_PROPERTIES}`);
  const insert = (table: string, count: number): Promise<string> => {
    const some = names.slice(0, count);
    const values = some.map(() => '?').join(', ');
    return refusal(
      `INSERT INTO ks.${table} (k, ${some.join(', ')}) VALUES (1, ${values})`,
      some.map(() => null)
    );
  };
  expect(await insert('wide', 225)).toBe('not refused');
  expect(await insert('wide', 226)).toContain('226 regular columns');
  expect(await insert('brief', 166)).toBe('not refused');
  expect(await insert('brief', 167)).toContain('at most 166');
});

describe('definitions', () => {
  const statusOf = async (table: string): Promise<string | undefined> => {
    const cql = "SELECT status FROM system_schema_mcs.tables WHERE keyspace_name = 'ks' AND table_name = ?";
    return (await client.execute(cql, [table], { prepare: true })).first()?.['status'];
  };
  const isListed = async (table: string): Promise<boolean> => {
    const cql = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'ks' AND table_name = ?";
    return (await client.execute(cql, [table], { prepare: true })).rowLength === 1;
  };

  it('take a while: a table is usable when system_schema_mcs says ACTIVE', async () => {
    await start({}, HOUR_MS);
    const create = `CREATE TABLE IF NOT EXISTS ks.t (k text PRIMARY KEY, a int) ${TABLE_PROPERTIES}`;
    await client.execute(create);
    await client.execute(create);
    expect(await refusal(create.replace('IF NOT EXISTS', ''))).toBe('Table ks.t already exists');
    expect(await statusOf('t')).toBe('CREATING');
    expect(await isListed('t')).toBe(false);
    expect(await refusal("INSERT INTO ks.t (k, a) VALUES ('x', 1)")).toBe('unconfigured table t');
    expect(await refusal('ALTER TABLE ks.t ADD b int')).toBe('unconfigured table t');
    server.engine.clock.advance(HOUR_MS);
    expect(await statusOf('t')).toBe('ACTIVE');
    expect(await isListed('t')).toBe(true);
    expect(await refusal("INSERT INTO ks.t (k, a) VALUES ('x', 1)")).not.toBe('unconfigured table t');

    await client.execute('ALTER TABLE ks.t ADD (b int, c frozen<list<int>>)');
    expect(await statusOf('t')).toBe('UPDATING');
    expect(await refusal('SELECT a FROM ks.t')).toBe('not refused');
    expect(await refusal('SELECT b FROM ks.t')).toContain('Undefined column name b');
    expect(await refusal('ALTER TABLE ks.t ADD d int')).toContain('UPDATING');
    server.engine.clock.advance(HOUR_MS);
    expect(await refusal('SELECT b, c FROM ks.t')).toBe('not refused');

    await client.execute('DROP TABLE ks.t');
    expect(await statusOf('t')).toBe('DELETING');
    expect(await refusal('SELECT a FROM ks.t')).toBe('unconfigured table t');
    expect(await refusal(create)).toContain('is being deleted');
    server.engine.clock.advance(HOUR_MS);
    expect(await statusOf('t')).toBeUndefined();
    await client.execute(create);
  });

  it('make keyspaces that show when they are there, of the classes that Keyspaces has', async () => {
    await start({}, 50);
    const create = (strategy: string): string => `CREATE KEYSPACE more WITH replication = {'class': '${strategy}'}`;
    expect(await refusal(create('SimpleStrategy'))).toContain('SimpleStrategy');
    await client.execute(create('SingleRegionStrategy'));
    const find = "SELECT keyspace_name FROM system_schema_mcs.keyspaces WHERE keyspace_name = 'more'";
    expect((await client.execute(find)).rowLength).toBe(0);
    expect(await refusal('CREATE TABLE more.t (k int PRIMARY KEY)')).toContain('does not exist');
    await until(async () => (await client.execute(find)).rowLength === 1);
    expect(await refusal('CREATE TABLE more.t (k int PRIMARY KEY)')).toBe('not refused');
    expect(await refusal(create('SingleRegionStrategy'))).toContain('already exists');
    expect(await refusal('DROP KEYSPACE system_schema')).toContain('cannot be changed');
  });

  it('warn of options that are ignored, and refuse those that are unknown', async () => {
    await start();
    const { info } = await client.execute('CREATE TABLE ks.u (k int PRIMARY KEY) WITH gc_grace_seconds = 1');
    expect(info.warnings).toEqual(['The option gc_grace_seconds is ignored.']);
    expect(await refusal('CREATE TABLE ks.v (k int PRIMARY KEY) WITH nonsense = 1')).toContain(
      "Unknown property 'nonsense'"
    );
  });
});

describe('statements that Keyspaces does not have', () => {
  it('are refused, each by its name', async () => {
    await start();
    for (const [cql, named] of [
      ['TRUNCATE ks.t', 'TRUNCATE'],
      ['CREATE INDEX ON ks.t (a)', 'CREATE INDEX'],
      ['CREATE MATERIALIZED VIEW ks.v AS SELECT * FROM ks.t', 'CREATE MATERIALIZED VIEW'],
      ['ALTER TABLE ks.t DROP a', 'ALTER TABLE DROP'],
      ['SELECT count(*) FROM ks.t', 'count'],
      ['SELECT DISTINCT k FROM ks.t', 'DISTINCT'],
      ['SELECT * FROM ks.t GROUP BY k', 'GROUP BY'],
      ['SELECT * FROM ks.t PER PARTITION LIMIT 1', 'PER PARTITION LIMIT'],
      ['GRANT SELECT ON ks.t TO me', 'GRANT']
    ] as const) {
      expect(await refusal(cql)).toBe(`${named} is not yet supported.`);
    }
    expect(await refusal("DELETE FROM ks.t WHERE k IN ('x', 'y')")).toContain('only equality');
    // What it has, and nobody here sends, is no verdict on the statement.
    expect(await refusal('CREATE TABLE ks.u (k int, c int, PRIMARY KEY (k, c))')).toMatch(/^The fake does not know/);
    expect(await refusal('SELECT * FROM system.peers_v2')).toContain('unconfigured table peers_v2');
  });

  it('cannot be prepared unless they are on data', async () => {
    await start();
    expect(await refusal('CREATE TABLE ks.u (k int PRIMARY KEY)', [])).toContain('can be prepared');
  });
});

describe('limits', () => {
  it('hold for keys and rows', async () => {
    await start();
    await client.execute(`CREATE TABLE ks.big (k text PRIMARY KEY, v text) ${TABLE_PROPERTIES}`);
    const insert = (key: number, value: number): Promise<string> =>
      refusal('INSERT INTO ks.big (k, v) VALUES (?, ?)', ['k'.repeat(key), 'v'.repeat(value)]);
    expect(await insert(2048, 0)).toBe('not refused');
    expect(await insert(2049, 0)).toContain('longer than maximum of 2048');
    expect(await insert(1, 1_048_575)).toBe('not refused');
    expect(await insert(1, 1_048_576)).toContain('1048577 bytes');
  });

  it('hold for batches', async () => {
    await start();
    const batch = (count: number, partitions: number, logged: boolean): Promise<string> => {
      const queries = Array.from({ length: count }, (_, at) => ({
        query: 'INSERT INTO ks.t (k, a) VALUES (?, ?)',
        params: [`k${at % partitions}`, at]
      }));
      return client.batch(queries, { prepare: true, logged }).then(
        () => 'not refused',
        (error: Error) => error.message
      );
    };
    expect(await batch(30, 30, false)).toBe('not refused');
    expect(await batch(31, 1, false)).toContain('unlogged batch has 31');
    expect(await batch(100, 1, true)).toBe('not refused');
    expect(await batch(101, 1, true)).toContain('logged batch has 101');
    expect(await batch(2, 2, true)).toContain('across 2 partitions');
  });

  it('end a page after so many bytes, however many rows were asked for', async () => {
    await start();
    await client.execute(`CREATE TABLE ks.big (k int PRIMARY KEY, v text) ${TABLE_PROPERTIES}`);
    for (let k = 0; k < 5; k++) {
      await client.execute('INSERT INTO ks.big (k, v) VALUES (?, ?)', [k, 'v'.repeat(600_000)], { prepare: true });
    }
    const result = await client.execute('SELECT k, v FROM ks.big');
    expect(result.rowLength).toBe(2);
    const keys: unknown[] = [];
    for await (const row of result) {
      keys.push(row['k']);
    }
    expect(keys.sort()).toEqual([0, 1, 2, 3, 4]);
    // Rows that are looked up are one page whatever they have.
    const found = await client.execute('SELECT k, v FROM ks.big WHERE k IN (0, 1, 2)');
    expect([found.rowLength, found.pageState]).toEqual([3, null]);
  });
});

describe('throttling', () => {
  const insert = (k: string): Promise<string | undefined> =>
    client.execute('INSERT INTO ks.t (k, a) VALUES (?, 1)', [k], { prepare: true }).then(
      () => undefined,
      (error: { code: number; writeType: string }) => `${error.code} ${error.writeType}`
    );
  const TIMED_OUT = `${types.responseErrorCodes.writeTimeout} SIMPLE`;

  it('times out a share of the writes, some of which are kept, and the same ones again for the same seed', async () => {
    await start();
    const fates = async (): Promise<(string | undefined)[]> => {
      server.change({ throttle: { write_timeouts: 0.5, kept: 0.5, seed: 7 } });
      const found = [];
      for (let at = 0; at < 60; at++) {
        found.push(await insert(`k${at}`));
      }
      server.change({ throttle: null });
      return found;
    };
    const first = await fates();
    const timedOut = first.filter(fate => fate === TIMED_OUT).length;
    expect(timedOut).toBeGreaterThan(15);
    expect(timedOut).toBeLessThan(45);
    const { rowLength } = await client.execute('SELECT k FROM ks.t');
    expect(rowLength).toBeGreaterThan(60 - timedOut);
    expect(rowLength).toBeLessThan(60);
    expect(rowLength).toBe(60 - timedOut + server.engine.report.kept);
    expect(await fates()).toEqual(first);
  });

  it('times out what exceeds the units of a second, of each table by itself', async () => {
    await start({ rules: { throttle: { writes_per_s: 5 } } });
    await client.execute(`CREATE TABLE ks.u (k text PRIMARY KEY, v text) ${TABLE_PROPERTIES}`);
    const fates = [];
    for (let at = 0; at < 8; at++) {
      fates.push(await insert(`k${at}`));
    }
    expect(fates.slice(0, 5)).toEqual(Array(5).fill(undefined));
    expect(fates.at(-1)).toBe(TIMED_OUT);
    // Four units of 1 KB, of another table.
    const large = ['x', 'v'.repeat(4_000)];
    expect(await refusal('INSERT INTO ks.u (k, v) VALUES (?, ?)', large)).toBe('not refused');
    expect(await refusal('INSERT INTO ks.u (k, v) VALUES (?, ?)', large)).toContain('timeout');
    server.engine.clock.advance(1_000);
    expect(await insert('later')).toBeUndefined();
    expect(server.engine.report.peak_write_units_per_s).toBeGreaterThan(5);
  });

  it('times out reads, but not those of the system tables', async () => {
    await start({ rules: { throttle: { read_timeouts: 1 } } });
    await expect(client.execute('SELECT * FROM ks.t')).rejects.toMatchObject({
      code: types.responseErrorCodes.readTimeout
    });
    expect(await refusal('SELECT * FROM system.local')).toBe('not refused');
    expect(server.engine.report.read_timeouts).toBe(1);
  });
});

it('shows the partitioner of the account', async () => {
  await start({ rules: { partitioner: DEFAULT_PARTITIONER } });
  expect((await client.execute('SELECT partitioner FROM system.local')).first()['partitioner']).toBe(
    DEFAULT_PARTITIONER
  );
});

it('lets through with the rules of Cassandra what Keyspaces would refuse', async () => {
  await start({ dialect: 'cassandra' });
  expect(await insertAt(1)).toBe('not refused');
  expect(await refusal('SELECT writetime(a), ttl(a) FROM ks.t', undefined, quorum)).toBe('not refused');
  expect(await refusal("INSERT INTO ks.t (k, a) VALUES ('x', 1) USING TTL 5", undefined, localOne)).toBe('not refused');
  expect(await refusal(`CREATE TABLE ks.u (k int PRIMARY KEY) ${TABLE_PROPERTIES}`)).toContain("'custom_properties'");
});

it('refuses a rule that it does not know', async () => {
  await start();
  expect(() => server.change({ timestamp_windows: null } as object)).toThrow('There is no rule timestamp_windows.');
  expect(() => server.change({ throttle: { share: 1 } as object })).toThrow('There is no setting of throttle share.');
});
