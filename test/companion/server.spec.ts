import { tableFromIPC } from 'apache-arrow';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';

import { frameJson, ROUTES } from '../../src/contract';
import type { IGroupsAnswer, IHealth } from '../../src/contract';
import { add, field, metaData, PROTOCOL, toParquet, write, writeCommit } from './support/delta_files';
import { CompanionProcess, SECRET } from './support/companion_process';
import { GroupFiles } from './support/group_files';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary_folder';

const CANARY = 'canary-5e1f';
const folder = temporaryFolder();
const root = join(folder, 'features');
const config = join(folder, 'twinstore.toml');
const credentials = join(folder, 's3.json');
/** A store that takes connections and never says a word. */
let silent: Server;
const sockets = new Set<Socket>();
let companion: CompanionProcess;

function configure(text: string): void {
  writeFileSync(config, text);
}

const settings = (location: string, online: string) => `
name = "unit"
roots = [{ location = "${location}" }]
[stores.offline]
endpoint = "http://${silentHost()}"
path_style = true
credentials = { file = "${credentials}" }
[stores.online]
hosts = ["${online}"]
datacenter = "datacenter1"
`;

beforeAll(async () => {
  silent = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    // Only who reads learns that the other end is gone.
    socket.resume();
  });
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  mkdirSync(root);
  new GroupFiles(join(root, 'energy'), 'energy').create().receipt(-1, 0).proof(0);
  writeFileSync(credentials, JSON.stringify({ access_key_id: `${CANARY}-id`, secret_access_key: CANARY }), {
    mode: 0o600
  });
  configure(settings(root, '127.0.0.1:1'));
  companion = await CompanionProcess.start(folder, { TWINSTORE_CONFIG: config });
});
afterAll(async () => {
  await companion.stop();
  sockets.forEach(socket => socket.destroy());
  silent.close();
  removeTemporaryFolders();
});

const silentHost = () => `127.0.0.1:${(silent.address() as AddressInfo).port}`;

describe('the companion', () => {
  it('refuses every route without its secret or with another', async () => {
    const others = [
      {},
      { 'X-Twinstore-Secret': 'f'.repeat(64) },
      { 'X-Twinstore-Secret': SECRET.slice(1) },
      { 'X-Twinstore-Secret': '' }
    ];
    for (const { method, path } of [...ROUTES.companion, { method: 'GET', path: 'nothing' }]) {
      for (const headers of others) {
        const answer = await companion.send(method, `/${path}`, method === 'POST' ? '{}' : undefined, headers).answer;
        expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      }
    }
  });

  it('tells its health: the stores that answer and those that do not', async () => {
    const { status, body } = await companion.get('/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ protocol: 1, environment: 'unit', node: process.version });
    expect((body as IHealth).stores).toEqual([
      expect.objectContaining({ name: 'Local files', address: root, ok: true, error: null }),
      expect.objectContaining({
        name: 'Cassandra',
        address: '127.0.0.1:1',
        ok: false,
        took_ms: null,
        last_seen_us: null
      })
    ]);
  });

  it('answers groups, one group, receipts and proofs', async () => {
    const groups = await companion.post('/groups', {});
    expect((groups.body as IGroupsAnswer).groups).toMatchObject([
      { name: 'energy', words: 'Cassandra unreachable', watermark: 0 }
    ]);
    expect(await companion.post('/groups/get', { group: 'energy' })).toMatchObject({
      status: 200,
      body: { table_id: 'id-of-energy' }
    });
    expect(await companion.post('/receipts', { group: 'energy', limit: 1 })).toMatchObject({
      body: { total: 1, receipts: [{ kept: true }] }
    });
    expect(await companion.post('/proofs', { group: 'energy' })).toMatchObject({
      body: { total: 1, proofs: [{ id: 'proof-0' }] }
    });
  });

  it('answers tables, and streams a preview and statistics', async () => {
    const location = join(root, 'plain');
    const bytes = toParquet([{ id: 1n }, { id: 2n }]);
    write(join(location, 'f'), bytes);
    writeCommit(location, 0, [PROTOCOL, metaData([field('id', 'long')]), add('f', { size: bytes.length })]);
    expect(await companion.post('/tables', { location: root })).toMatchObject({
      body: {
        entries: [
          { name: 'energy', kind: 'group' },
          { name: 'plain', kind: 'table' }
        ]
      }
    });
    expect(await companion.post('/tables/get', { location })).toMatchObject({ body: { version: 0, files: 1 } });
    expect(await companion.post('/tables/history', { location })).toMatchObject({
      body: { commits: [{ version: 0 }] }
    });
    expect(await companion.post('/tables/files', { location })).toMatchObject({ body: { total: 1 } });
    const preview = await companion.frames('/preview', {
      location,
      limit: 5,
      order: { column: 'id', descending: true }
    });
    const rows = tableFromIPC(preview.filter(({ kind }) => kind === 'arrow').map(({ bytes: piece }) => piece));
    expect(rows.toArray().map(row => JSON.parse(String(row)))).toEqual([{ id: 2 }, { id: 1 }]);
    expect(frameJson(preview.at(-1)!)).toMatchObject({ rows: 2, complete: true, version: 0, requests: 2 });
    const rest = await companion.frames('/preview', { location, limit: 5, skip: 1 });
    const [other] = tableFromIPC(
      rest.filter(({ kind }) => kind === 'arrow').map(({ bytes: piece }) => piece)
    ).toArray();
    expect([JSON.parse(String(other)), frameJson(rest.at(-1)!)]).toMatchObject([
      { id: 2 },
      { rows: 2, complete: true }
    ]);
    const another = { location, limit: 5, table_id: 'another' };
    expect(await companion.post('/preview', another)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const statistics = await companion.frames('/statistics', { location, columns: ['id'], where: 'id > 1' });
    expect(frameJson(statistics.at(-1)!)).toMatchObject({ rows: 1, columns: [{ column: 'id', min: '2', mean: 2 }] });
  });

  it.each<[string, string, unknown]>([
    ['no table', '/preview', {}],
    ['a place elsewhere in its own words', '/tables/get', { location: 7 }],
    ['a version that is none', '/tables/get', { location: '/x', version: -1 }],
    ['a version and a time', '/tables/get', { location: '/x', version: 1, at_us: 5 }],
    ['a time that is none', '/tables/get', { location: '/x', at_us: 'now' }],
    ['columns that are none', '/preview', { location: '/x', columns: [] }],
    ['an order that is none', '/preview', { location: '/x', order: { column: 'a' } }],
    ['a preview that skips all of its rows', '/preview', { location: '/x', limit: 5, skip: 5 }],
    ['a table id that is none', '/preview', { location: '/x', limit: 5, table_id: 7 }],
    ['a window that is none', '/preview', { location: '/x', window: 'last' }],
    ['a condition that is none', '/statistics', { location: '/x', where: 7 }]
  ])('refuses %s before anything is read', async (_, path, body) => {
    expect(await companion.post(path, body)).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  });

  it('answers a preview that cannot begin with an error of the contract', async () => {
    expect(await companion.post('/preview', { location: '/etc' })).toMatchObject({ status: 403 });
    expect(await companion.post('/preview', { location: join(root, 'none') })).toMatchObject({ status: 404 });
    const location = join(root, 'energy');
    const answer = await companion.post('/preview', { location, where: 'no such thing' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  });

  it.each<[string, string, string, unknown, number, string]>([
    ['an unknown route', 'POST', '/nothing', {}, 404, 'not_found'],
    ['a path that is nearly one', 'POST', '/groups/', {}, 404, 'not_found'],
    ['another method', 'GET', '/groups', undefined, 400, 'bad_request'],
    ['a body that is no JSON', 'POST', '/groups/get', '{"group"', 400, 'bad_request'],
    ['a body that is no object', 'POST', '/groups/get', '[]', 400, 'bad_request'],
    ['no group', 'POST', '/receipts', {}, 400, 'bad_request'],
    ['a group that is no text', 'POST', '/groups/get', { group: { $ne: 1 } }, 400, 'bad_request'],
    ['a limit that is none', 'POST', '/receipts', { group: 'energy', limit: -1 }, 400, 'bad_request'],
    ['a group that is not there', 'POST', '/groups/get', { group: '../energy' }, 404, 'not_found'],
    [
      'a body beyond its limit',
      'POST',
      '/groups/get',
      JSON.stringify({ group: 'x'.repeat(2 ** 21) }),
      400,
      'bad_request'
    ]
  ])('refuses %s with an error of the contract', async (_, method, path, body, status, code) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'X-Twinstore-Secret': SECRET, 'X-Request-Id': 'request-7' };
    const answer = await companion.send(method, path, text as string | undefined, headers).answer;
    expect(answer.status).toBe(status);
    expect(answer.headers['x-request-id']).toBe('request-7');
    expect(answer.body).toEqual({
      code,
      message: expect.stringMatching(/\.$/),
      remedy: expect.stringMatching(/\.$/),
      side: 'request',
      details: expect.any(String),
      requestId: 'request-7'
    });
  });

  it('takes the rest of a body that it has refused before it closes the connection', async () => {
    const body = 'x'.repeat(4_000_000);
    const socket = connect(companion.socket);
    socket.write(`POST /groups HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 403 .*"code":"forbidden"/s);
    socket.end(body);
    const [failed] = (await once(socket, 'close')) as [boolean];
    expect(failed).toBe(false);
  });

  it('finds a route whatever query stands behind it', async () => {
    expect(await companion.get('/health?1764064000000')).toMatchObject({ status: 200, body: { protocol: 1 } });
    expect(await companion.post('/groups?1764064000000', {})).toMatchObject({ status: 200, body: { errors: [] } });
    expect(await companion.get('/nothing?/health')).toMatchObject({ status: 404 });
  });

  it('makes up an id where a request has none that is safe to repeat', async () => {
    const { headers } = await companion.get('/health', { 'X-Twinstore-Secret': SECRET, 'X-Request-Id': 'a b"<c>' });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('follows its settings when they change, and says what is wrong with them', async () => {
    configure('name = 1');
    expect(await companion.get('/health')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(config) }
    });
    configure(settings(root, '127.0.0.1:1').replace('unit', 'changed'));
    expect(await companion.get('/health')).toMatchObject({ status: 200, body: { environment: 'changed' } });
  });

  it('gives a silent Cassandra five seconds, and then says so', async () => {
    configure(settings(root, silentHost()));
    const start = Date.now();
    const { body } = await companion.get('/health');
    expect((body as IHealth).stores[1]?.error?.message).toBe(`Cassandra at ${silentHost()} did not answer in 5 s.`);
    expect(Date.now() - start).toBeLessThan(7_000);
  }, 15_000);

  it('tells no secret, in an answer or in its log', async () => {
    const answers = [await companion.get('/health'), await companion.get('/health', {})];
    const told = JSON.stringify(answers) + companion.log;
    for (const secret of [CANARY, SECRET]) {
      expect(told).not.toContain(secret);
    }
  }, 15_000);

  it('writes its log as JSON, one object a line', () => {
    const lines = companion.log
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ level: 'info', event: 'listening', socket: companion.socket });
    expect(lines.some(({ event, code }) => event === 'failed' && code === 'forbidden')).toBe(true);
  });
});

describe('the life of the companion', () => {
  const start = () => CompanionProcess.start(temporaryFolder(), { TWINSTORE_CONFIG: config });

  it('has a socket for its user only, and takes it along when stdin closes', async () => {
    const one = await start();
    expect(statSync(one.socket).mode & 0o777).toBe(0o600);
    expect(await one.stop()).toBe(0);
    expect(existsSync(one.socket)).toBe(false);
  });

  it('ends within its grace while requests hang, and aborts them', async () => {
    const one = await start();
    const { answer } = one.send('GET', '/health', undefined);
    const cut = answer.catch((error: unknown) => error);
    await until(() => sockets.size > 0);
    const begun = Date.now();
    expect(await one.stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(3_000);
    await cut;
  }, 15_000);

  it('ends the connection to S3 when the caller goes away', async () => {
    const s3 = join(temporaryFolder(), 'twinstore.toml');
    writeFileSync(s3, settings('s3a://features', '127.0.0.1:1'));
    const before = sockets.size;
    const one = await CompanionProcess.start(temporaryFolder(), { TWINSTORE_CONFIG: s3 });
    try {
      const { call, answer } = one.send('POST', '/groups', '{}');
      const cut = answer.catch((error: unknown) => error);
      await until(() => sockets.size > before);
      const begun = Date.now();
      call.destroy();
      await until(() => sockets.size === before);
      expect(Date.now() - begun).toBeLessThan(2_000);
      await cut;
    } finally {
      await one.stop();
    }
  }, 15_000);

  it('ends when it is asked by a signal', async () => {
    const one = await start();
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
  });

  it('starts without settings and says on every route what to do', async () => {
    const one = await CompanionProcess.start(temporaryFolder(), { TWINSTORE_CONFIG: '/nowhere.toml' });
    for (const { method, path } of ROUTES.companion) {
      const answer = await one.send(method, `/${path}`, method === 'POST' ? '{"group":"x","location":"/x"}' : undefined)
        .answer;
      expect(answer).toMatchObject({ status: 404, body: { message: expect.stringContaining('/nowhere.toml') } });
    }
    await one.stop();
  });

  it('refuses a first line that is no handshake, without repeating it', async () => {
    const one = await start();
    await one.stop();
    await expect(CompanionProcess.start(`/${'x'.repeat(120)}`, {})).rejects.toThrow();
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) {
      throw new Error('It never came to pass.');
    }
    await new Promise(resolve => setTimeout(resolve, 25));
  }
}
