import { randomBytes } from 'node:crypto';
import { types } from 'cassandra-driver';
import type { Client, QueryOptions } from 'cassandra-driver';

/** A store that the suite is run against. */
export interface IStore {
  client: Client;
  keyspace: string;
  /** Made with this DDL, and usable when it resolves; `properties` are what the dialect has to add. */
  define(cql: string, properties: boolean): Promise<void>;
  /** Lets so much time pass on the store's clock. */
  pass(seconds: number): Promise<void>;
}

type Row = Record<string, unknown>;

/** One millisecond before now, so that nothing that is written later without a timestamp is older. */
const nowUs = (): bigint => BigInt(Date.now() - 1) * 1000n;

/** What CQL means wherever it is spoken: to be run against the fake, and against a real Cassandra to judge the fake. */
export function describeConformance(name: string, open: () => Promise<IStore>, close: () => Promise<void>): void {
  describe(`CQL on ${name}`, () => {
    let store: IStore;
    let table: string;

    const run = async (cql: string, params?: unknown, options?: QueryOptions): Promise<Row[]> => {
      const prepare = params !== undefined;
      const result = await store.client.execute(cql.replaceAll('TABLE', table), params as unknown[], {
        prepare,
        ...options
      });
      const rows: Row[] = [];
      // Nothing of the driver's own, so that rows compare with plain objects.
      for await (const row of result.rows === undefined ? [] : result) {
        rows.push({ ...row });
      }
      return rows;
    };
    const refused = (cql: string, params?: unknown): Promise<string> =>
      run(cql, params).then(
        () => 'not refused',
        (error: Error) => error.message
      );

    beforeAll(async () => {
      store = await open();
    });
    afterAll(close);
    beforeEach(async () => {
      table = `${store.keyspace}.t${randomBytes(6).toString('hex')}`;
      await store.define(`CREATE TABLE ${table} (k text PRIMARY KEY, a int, b text)`, true);
    });

    it('brings back every type bit for bit, null and empty apart', async () => {
      const cases: [string, unknown[]][] = [
        ['boolean', [true, false]],
        ['tinyint', [-128, 127]],
        ['smallint', [-32768, 32767]],
        ['int', [-2147483648, 2147483647]],
        ['bigint', ['-9223372036854775808', '9007199254740993'].map(text => types.Long.fromString(text))],
        ['float', [Math.fround(0.1), -0, NaN, Infinity, -Infinity]],
        ['double', [0.1, -0, NaN, Infinity, 5e-324]],
        [
          'decimal',
          ['1.10', '-0.000', '12345678901234567890123456789012345678'].map(text => types.BigDecimal.fromString(text))
        ],
        ['text', ['', 'ä"\'😀\0', 'x'.repeat(100_000)]],
        ['blob', [Buffer.alloc(0), Buffer.from([0, 255])]],
        ['date', ['0001-01-01', '1969-12-31', '9999-12-31'].map(text => types.LocalDate.fromString(text))],
        ['timestamp', [new Date(-1), new Date('9999-12-31T23:59:59.999Z')]],
        ['frozen<list<int>>', [[3, 1, 2]]],
        ['frozen<map<text, double>>', [{ a: 0.1, b: -1 }]]
      ];
      const wide = `${store.keyspace}.w${randomBytes(6).toString('hex')}`;
      await store.define(
        `CREATE TABLE ${wide} (k int PRIMARY KEY, ${cases.map(([type], at) => `c${at} ${type}`).join(', ')})`,
        true
      );
      for (const [at, [, values]] of cases.entries()) {
        for (const value of [...values, null]) {
          await run(`INSERT INTO ${wide} (k, c${at}) VALUES (?, ?)`, [at, value]);
          const [row] = await run(`SELECT c${at} AS value FROM ${wide} WHERE k = ?`, [at]);
          expect(row).toEqual({ value });
        }
      }
      // The driver itself makes null of a list without elements.
      await run(`INSERT INTO ${wide} (k, c${cases.length - 2}) VALUES (-1, [])`);
      expect(await run(`SELECT c${cases.length - 2} AS value FROM ${wide} WHERE k = -1`)).toEqual([{ value: [] }]);
      const shown = await run(
        'SELECT column_name, type FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
        [store.keyspace, wide.split('.')[1]]
      );
      expect(Object.fromEntries(shown.map(({ column_name, type }) => [column_name, type]))).toEqual({
        k: 'int',
        ...Object.fromEntries(cases.map(([type], at) => [`c${at}`, type]))
      });
    });

    it('tells its time in milliseconds', async () => {
      const [row] = await run('SELECT toUnixTimestamp(now()) AS now_ms FROM system.local');
      expect(Math.abs(Number(row?.['now_ms']) - Date.now())).toBeLessThan(60_000);
    });

    it('keeps the greatest timestamp of each cell, in whatever order they come', async () => {
      const t = nowUs() - 1000n;
      await run(`INSERT INTO TABLE (k, a, b) VALUES ('x', 2, 'new') USING TIMESTAMP ${t + 1n}`);
      await run(`INSERT INTO TABLE (k, a, b) VALUES ('x', 1, 'old') USING TIMESTAMP ${t}`);
      expect(await run("SELECT a, b, writetime(a) AS at FROM TABLE WHERE k = 'x'")).toEqual([
        { a: 2, b: 'new', at: types.Long.fromString(String(t + 1n)) }
      ]);
      // Of equal stamps: the greater bytes, and null before any.
      await run(`INSERT INTO TABLE (k, a, b) VALUES ('x', 1, null) USING TIMESTAMP ${t + 1n}`);
      expect(await run("SELECT a, b FROM TABLE WHERE k = 'x'")).toEqual([{ a: 2, b: null }]);
    });

    it('hides by a delete what is not younger, also when it comes later', async () => {
      const t = nowUs() - 1000n;
      await run(`DELETE FROM TABLE USING TIMESTAMP ${t} WHERE k = 'x'`);
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TIMESTAMP ${t}`);
      expect(await run('SELECT * FROM TABLE')).toEqual([]);
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TIMESTAMP ${t + 1n}`);
      expect(await run('SELECT * FROM TABLE')).toEqual([{ k: 'x', a: 1, b: null }]);
    });

    it('keeps a row that was inserted with nulls alone, and drops one of updates with its last value', async () => {
      await run("INSERT INTO TABLE (k, a) VALUES ('inserted', null)");
      await run("UPDATE TABLE SET a = 1 WHERE k = 'updated'");
      expect(await run("SELECT a FROM TABLE WHERE k = 'updated'")).toEqual([{ a: 1 }]);
      await run("UPDATE TABLE SET a = null WHERE k = 'updated'");
      expect(await run('SELECT k FROM TABLE')).toEqual([{ k: 'inserted' }]);
    });

    it('leaves what is not set as it was', async () => {
      await run('INSERT INTO TABLE (k, a, b) VALUES (?, ?, ?)', ['x', 1, 'kept']);
      await run('INSERT INTO TABLE (k, a, b) VALUES (?, ?, ?)', ['x', 2, undefined]);
      expect(await run('SELECT a, b FROM TABLE')).toEqual([{ a: 2, b: 'kept' }]);
    });

    it('lets rows expire, and what expires win over what stays at the same timestamp', async () => {
      const t = nowUs() - 1000n;
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TTL 2 AND TIMESTAMP ${t}`);
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TIMESTAMP ${t}`);
      await run("INSERT INTO TABLE (k, a) VALUES ('y', 1) USING TTL 1000");
      const [{ left } = {}] = await run("SELECT ttl(a) AS left FROM TABLE WHERE k = 'y'");
      expect(left).toBeGreaterThan(990);
      await store.pass(3);
      expect(await run('SELECT k FROM TABLE')).toEqual([{ k: 'y' }]);
      // Expired cells still decide: the same stamp brings nothing back, a younger one does.
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TIMESTAMP ${t}`);
      expect(await run("SELECT k FROM TABLE WHERE k = 'x'")).toEqual([]);
      await run(`INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TIMESTAMP ${t + 1n}`);
      expect(await run("SELECT a, ttl(a) AS left FROM TABLE WHERE k = 'x'")).toEqual([{ a: 1, left: null }]);
    });

    it('pages a scan in the order of the tokens, each row once, also by ranges', async () => {
      const keys = Array.from({ length: 60 }, (_, at) => `${'key '.repeat(at % 9)}${at} ä`);
      await Promise.all(keys.map((key, at) => run('INSERT INTO TABLE (k, a) VALUES (?, ?)', [key, at])));
      const all: Row[] = [];
      const options = { fetchSize: 7, prepare: true };
      const scan = await store.client.execute(`SELECT k, token(k) AS token FROM ${table}`, [], options);
      expect(scan.rows).toHaveLength(7);
      for await (const row of scan) {
        all.push({ ...row });
      }
      const tokenOf = (k: string): bigint =>
        BigInt(
          store.client.metadata
            .newToken([Buffer.from(k)])
            .getValue()
            .toString()
        );
      const expected = keys
        .map(k => ({ k, token: tokenOf(k) }))
        .sort((one, other) => (one.token < other.token ? -1 : 1));
      expect(all.map(({ k, token }) => ({ k, token: BigInt(String(token)) }))).toEqual(expected);

      const [from, to] = [types.Long.fromString('-5000000000000000000'), types.Long.fromString('0')];
      const range = await run('SELECT k FROM TABLE WHERE token(k) > ? AND token(k) <= ? ALLOW FILTERING', [from, to]);
      const within = expected.filter(({ token }) => token > BigInt(from.toString()) && token <= 0n);
      expect(range).toEqual(within.map(({ k }) => ({ k })));
      expect(await run('SELECT k FROM TABLE LIMIT 8', [], { fetchSize: 5 })).toHaveLength(8);
    });

    it('finds rows by composite keys and by lists of keys', async () => {
      const pairs = `${store.keyspace}.p${randomBytes(6).toString('hex')}`;
      await store.define(`CREATE TABLE ${pairs} (day date, id bigint, v int, PRIMARY KEY ((day, id)))`, true);
      for (const id of [1, 2, 3]) {
        await run(`INSERT INTO ${pairs} (day, id, v) VALUES ('2014-01-01', ${id}, ${id})`);
      }
      const found = await run(`SELECT v FROM ${pairs} WHERE day = '2014-01-01' AND id IN (1, 3, 9)`);
      expect(found.map(({ v }) => v).sort()).toEqual([1, 3]);
      expect(await refused(`SELECT v FROM ${pairs} WHERE day = '2014-01-01'`)).toContain('ALLOW FILTERING');
      expect(await refused(`DELETE FROM ${pairs} WHERE day = '2014-01-01'`)).toContain('id');
    });

    it('speaks JSON, and takes it for keys', async () => {
      const odd = `${store.keyspace}."J${randomBytes(6).toString('hex')}"`;
      await store.define(
        `CREATE TABLE ${odd} ("K""y" text, at date, raw blob, "n" bigint, PRIMARY KEY (("K""y", raw)))`,
        true
      );
      await run(
        `INSERT INTO ${odd} ("K""y", at, raw, n) VALUES ('it''s "q"', '1969-12-31', 0x00ff, -9007199254740993)`
      );
      const [{ '[json]': json } = {}] = await run(`SELECT JSON * FROM ${odd}`);
      expect(json).toBe(
        '{"\\"K\\"y\\"": "it\'s \\"q\\"", "raw": "0x00ff", "at": "1969-12-31", "n": -9007199254740993}'
      );
      const key = `"K""y" = fromJson('"it''s \\"q\\""') AND raw = fromJson('"0x00ff"')`;
      await run(`DELETE FROM ${odd} USING TIMESTAMP ${nowUs() + 10_000n} WHERE ${key}`);
      expect(await run(`SELECT n FROM ${odd}`)).toEqual([]);
    });

    it('grants by conditions: once, to the holder, until it expires', async () => {
      const take = (who: string): Promise<Row[]> =>
        run(`INSERT INTO TABLE (k, b) VALUES ('lease', '${who}') IF NOT EXISTS USING TTL 2`, undefined, {
          prepare: false
        });
      const renew = (who: string): Promise<Row[]> =>
        run(`UPDATE TABLE USING TTL 2 SET b = '${who}' WHERE k = 'lease' IF b = '${who}'`);
      expect(await take('one')).toEqual([{ '[applied]': true }]);
      expect(await take('two')).toEqual([{ '[applied]': false, k: 'lease', a: null, b: 'one' }]);
      expect(await renew('two')).toEqual([{ '[applied]': false, b: 'one' }]);
      expect(await renew('one')).toEqual([{ '[applied]': true }]);
      await store.pass(3);
      expect(await renew('one')).toEqual([{ '[applied]': false }]);
      expect(await take('two')).toEqual([{ '[applied]': true }]);
      expect(await run("DELETE FROM TABLE WHERE k = 'lease' IF b = 'two'")).toEqual([{ '[applied]': true }]);
      expect(await run('SELECT * FROM TABLE')).toEqual([]);
    });

    it('takes what the connector sends: markers with names, with what USING needs among them', async () => {
      const t = nowUs();
      await run('INSERT INTO TABLE ("k", "a", "b") VALUES (:k, :a, :b) USING TTL :ttl_s AND TIMESTAMP :at', {
        k: 'x',
        a: 1,
        b: null,
        ttl_s: 100,
        at: types.Long.fromString(String(t))
      });
      const [row] = await run("SELECT a, b, writetime(a) AS at, ttl(a) AS left FROM TABLE WHERE k = 'x'");
      expect(row).toMatchObject({ a: 1, b: null, at: types.Long.fromString(String(t)) });
      expect(row?.['left']).toBeGreaterThan(90);
    });

    it('does a batch as one', async () => {
      const insert = `INSERT INTO ${table} (k, a) VALUES (?, ?)`;
      const queries = [1, 2, 3].map(a => ({ query: insert, params: [`k${a}`, a] }));
      await store.client.batch(queries, { prepare: true, logged: false });
      expect(await run('SELECT k FROM TABLE')).toHaveLength(3);
      const wrong = [...queries, { query: insert, params: [null, 1] }].reverse();
      await expect(store.client.batch(wrong, { prepare: true, logged: false })).rejects.toThrow(/null/);
    });

    it('grows by columns, which prepared statements come to know', async () => {
      await run("INSERT INTO TABLE (k, a) VALUES ('x', 1)");
      const select = (): Promise<Row[]> => run('SELECT * FROM TABLE WHERE k = ?', ['x']);
      expect(await select()).toEqual([{ k: 'x', a: 1, b: null }]);
      await store.define(`ALTER TABLE ${table} ADD c double`, false);
      expect(await select()).toEqual([{ k: 'x', a: 1, b: null, c: null }]);
      await run('INSERT INTO TABLE (k, c) VALUES (?, ?)', ['y', 0.5]);
      expect(await run("SELECT c FROM TABLE WHERE k = 'y'")).toEqual([{ c: 0.5 }]);
      expect(await run("SELECT c FROM TABLE WHERE k = 'x'")).toEqual([{ c: null }]);
    });

    it('refuses what is wrong, each with its reason', async () => {
      expect(await refused(`SELECT * FROM ${store.keyspace}.nowhere`)).toMatch(/nowhere/);
      expect(await refused('SELECT nothing FROM TABLE')).toMatch(/Undefined column name "?nothing"?/);
      expect(await refused('INSERT INTO TABLE (a) VALUES (1)')).toMatch(/Some partition key parts are missing: k/);
      expect(await refused("INSERT INTO TABLE (k, a) VALUES ('x', 'text')")).toMatch(/constant/);
      expect(await refused('INSERT INTO TABLE (k, a) VALUES (?, 1)', [''])).toMatch(/Key may not be empty/);
      // Without PREPARE the driver takes every number for a double.
      const guessed = run("INSERT INTO TABLE (k, a) VALUES ('x', ?)", [1], { prepare: false });
      await expect(guessed).rejects.toThrow(/byte int \(8\)/);
      expect(await refused("INSERT INTO TABLE (k, a) VALUES ('x', 1) USING TTL 630720001")).toMatch(/ttl is too large/);
      expect(await refused("UPDATE TABLE SET k = 'y' WHERE k = 'x'")).toMatch(/PRIMARY KEY part k found in SET part/);
      expect(await refused('SELECT * FROM TABLE WHERE a = 1')).toMatch(/ALLOW FILTERING/);
      expect(await refused('SELEC * FROM TABLE')).toMatch(/no viable alternative/);
    });
  });
}
