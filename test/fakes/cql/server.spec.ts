import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { auth, errors } from 'cassandra-driver';
import type { Client } from 'cassandra-driver';

import { signature } from './auth';
import { connect } from './clients';
import { FakeCqlServer } from './index';
import type { IAccounts, IOptions } from './index';
import { encodeResponse, OPCODE, VERSION, Writer } from './wire';

const open: { client: Client | null; server: FakeCqlServer | null } = { client: null, server: null };

async function start(options: IOptions = {}): Promise<FakeCqlServer> {
  open.server = await FakeCqlServer.start(options);
  return open.server;
}

afterEach(async () => {
  await open.client?.shutdown();
  await open.server?.stop();
  open.client = null;
  open.server = null;
});

type Done = (error: null, token: Buffer) => void;

/** Signs as the plug-ins of AWS do. The driver takes instances of its own `AuthProvider` alone, which its types hide. */
class SigV4Provider extends auth.PlainTextAuthProvider {
  constructor(private readonly secretKey: string) {
    super('', '');
  }

  override newAuthenticator(): auth.Authenticator {
    return {
      initialResponse: (done: Done) => done(null, Buffer.from('SigV4\0\0')),
      evaluateChallenge: (challenge: Buffer, done: Done) => {
        const nonce = challenge.toString().slice('nonce='.length);
        const date = new Date().toISOString();
        const signed = signature(nonce, date, 'eu-west-1', 'AKID', this.secretKey);
        done(null, Buffer.from(`signature=${signed},access_key=AKID,amzdate=${date}`));
      },
      onAuthenticationSuccess: () => undefined
    };
  }
}

/** What the server says to a login that it does not take. */
async function loginRefusal(server: FakeCqlServer, authProvider: auth.AuthProvider): Promise<string> {
  const error = await connect(server, { authProvider }).then(
    client => client.shutdown(),
    (failed: unknown) => failed
  );
  const causes = error instanceof errors.NoHostAvailableError ? Object.values(error.innerErrors as object) : [];
  const refusals = causes.filter(cause => cause instanceof errors.AuthenticationError);
  return refusals.length === 1 ? String((refusals[0] as Error).message) : `not refused: ${String(error)}`;
}

describe('a connection', () => {
  it('finds all nodes, and the driver its way to each', async () => {
    const server = await start({ nodes: 3 });
    const client = (open.client = await connect(server));
    expect(client.hosts.keys().sort()).toEqual(server.hosts);
    expect(client.getState().getConnectedHosts()).toHaveLength(3);
    expect((await client.execute('SELECT peer FROM system.peers')).rowLength).toBe(2);
  });

  it('sees no peers of a single node, as where the network may not be described', async () => {
    const client = (open.client = await connect(await start({ nodes: 1 })));
    expect((await client.execute('SELECT peer FROM system.peers')).rowLength).toBe(0);
  });

  const ACCOUNTS: IAccounts = {
    password: { username: 'me', password: 'secret' },
    sigv4: { region: 'eu-west-1', access_key: 'AKID', secret_key: 'key' }
  };

  it.each<[string, auth.AuthProvider, auth.AuthProvider, string]>([
    [
      'a password',
      new auth.PlainTextAuthProvider('me', 'secret'),
      new auth.PlainTextAuthProvider('me', 'wrong'),
      'Provided username me and/or password are incorrect'
    ],
    ['a signature', new SigV4Provider('key'), new SigV4Provider('wrong'), 'The signature does not match']
  ])('is let in by %s, and not by a wrong one', async (_, right, wrong, words) => {
    const server = await start({ accounts: ACCOUNTS });
    expect(await loginRefusal(server, wrong)).toBe(words);
    open.client = await connect(server, { authProvider: right });
    expect((await open.client.execute('SELECT key FROM system.local')).rowLength).toBe(1);
  });

  it('does not take an old signature', async () => {
    const server = await start({ accounts: ACCOUNTS });
    server.engine.clock.advance(901_000);
    expect(await loginRefusal(server, new SigV4Provider('key'))).toContain('the date of the signature is not valid');
  });

  it('speaks TLS, under its own name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fake-cql-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = 'subjectAltName=DNS:cassandra.eu-west-1.amazonaws.com';
    const subject = ['-subj', '/CN=fake', '-addext', names, '-days', '1'];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
    execFileSync('openssl', args, { stdio: 'ignore' });
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    rmSync(folder, { recursive: true });

    const server = await start({ tls });
    const sslOptions = { ca: tls.cert, rejectUnauthorized: true };
    await expect(connect(server, { sslOptions })).rejects.toThrow();
    const servername = 'cassandra.eu-west-1.amazonaws.com';
    open.client = await connect(server, { sslOptions: { ...sslOptions, servername } });
    expect((await open.client.execute('SELECT key FROM system.local')).rowLength).toBe(1);
  });

  it.each([
    // STARTUP of version 5, and OPTIONS of a stranger: the driver learns by the words to come down.
    ['another version', Buffer.from([5, 0, 0, 1, 5, 0, 0, 0, 0]), 'Invalid or unsupported protocol version (5)'],
    ['a request before STARTUP', Buffer.from([4, 0, 0, 1, 11, 0, 0, 0, 2, 0, 0]), 'STARTUP and login come first'],
    ['an unknown opcode', Buffer.from([4, 0, 0, 1, 99, 0, 0, 0, 0]), 'Unknown opcode 99'],
    ['a body that is too short', Buffer.from([4, 0, 0, 1, 1, 0, 0, 0, 1, 0]), 'The frame ends too early']
  ])('answers %s with an error in version 4', async (_, request, words) => {
    const server = await start({ nodes: 1 });
    const socket = connectSocket(server.port, '127.0.0.1');
    socket.write(request);
    const answered = await new Promise<Buffer>(done => socket.once('data', done));
    socket.destroy();
    expect([...answered.subarray(0, 5)]).toEqual([0x84, 0, 0, 1, 0]);
    expect(answered.toString()).toContain(words);
  });
});

it('leaves out columns that a client has from PREPARE, but not what a condition answers', async () => {
  const server = await start({ nodes: 1, keyspaces: ['ks'], rules: { ddl_ms: 0 } });
  open.client = await connect(server);
  await open.client.execute('CREATE TABLE ks.t (key_column int PRIMARY KEY)');
  const socket = connectSocket(server.port, '127.0.0.1');
  const ask = async (opcode: number, body: Writer): Promise<Buffer> => {
    const answered = new Promise<Buffer>(done => socket.once('data', done));
    // A request differs from a response in one bit.
    const request = encodeResponse(1, opcode, body.done());
    request.writeUInt8(VERSION, 0);
    socket.write(request);
    return (await answered).subarray(9);
  };
  /** The result of running a statement, prepared before, without metadata. */
  const run = async (cql: string): Promise<string> => {
    const prepared = await ask(OPCODE.prepare, new Writer().bytes(Buffer.from(cql)));
    const id = prepared.subarray(6, 6 + prepared.readUInt16BE(4));
    const [localQuorum, skipMetadata] = [6, 2];
    return (await ask(OPCODE.execute, new Writer().shortBytes(id).short(localQuorum).byte(skipMetadata))).toString();
  };
  await ask(OPCODE.startup, new Writer().short(1).string('CQL_VERSION').string('3.0.0'));
  expect(await run('INSERT INTO ks.t (key_column) VALUES (1) IF NOT EXISTS')).toContain('[applied]');
  expect(await run('INSERT INTO ks.t (key_column) VALUES (1) IF NOT EXISTS')).toContain('key_column');
  expect(await run('SELECT * FROM ks.t')).not.toContain('key_column');
  socket.destroy();
});

it('signs as the plug-ins of AWS do', () => {
  // The example in the source of aws-sigv4-auth-cassandra-nodejs-driver-plugin.
  const [nonce, date] = ['91703fdc2ef562e19fbdab0f58e42fe5', '2020-06-09T22:41:51.000Z'];
  expect(signature(nonce, date, 'us-west-2', 'UserID-1', 'UserSecretKey-1')).toBe(
    '7f3691c18a81b8ce7457699effbfae5b09b4e0714ab38c1292dbdf082c9ddd87'
  );
});

describe('the process', () => {
  const PROCESS = resolve(__dirname, '../cql.mjs');

  it('says where it listens, obeys its input and ends with it', async () => {
    const options = { keyspaces: ['ks'], rules: { ddl_ms: 0 }, nodes: 1 };
    const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>(done => child.once('close', done));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const said = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value as string);
    const tell = (command: object): Promise<Record<string, unknown>> => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return said();
    };
    const { port, hosts, datacenter } = (await said()) as { port: number; hosts: string[]; datacenter: string };
    const client = await connect({ port, hosts, engine: { datacenter } } as FakeCqlServer);
    try {
      await client.execute('CREATE TABLE ks.t (k int PRIMARY KEY)');
      await client.execute('INSERT INTO ks.t (k) VALUES (1)');
      expect(await tell({})).toMatchObject({ writes: 1, definitions: 1 });
      expect(await tell({ rules: { throttle: { write_timeouts: 1 } } })).toMatchObject({ write_timeouts: 0 });
      await expect(client.execute('INSERT INTO ks.t (k) VALUES (2)')).rejects.toThrow(/timeout/);
      expect(await tell({ advance_s: 10 })).toMatchObject({ write_timeouts: 1, kept: 0 });
      expect(await tell({ rule: {} })).toEqual({ error: 'Error: There is no command rule.' });
    } finally {
      await client.shutdown();
      child.stdin.end();
    }
    expect(await ended).toBe(0);
  });

  it.each([
    ['a rule', { rules: { nope: 1 } }, 'There is no rule nope.'],
    ['an option', { rule: {} }, 'There is no option rule.']
  ])('ends with the reason where it is given %s that it does not know', async (_, options, reason) => {
    const args = [PROCESS, JSON.stringify(options)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', data => (said += data));
    expect(await new Promise(done => child.once('close', done))).toBe(1);
    expect(said).toContain(reason);
  });
});
