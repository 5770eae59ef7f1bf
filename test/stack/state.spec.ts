import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'smol-toml';
import { readFileSync } from 'node:fs';
import schema from '../../src/contract/config.schema.json';
import { stackFolder } from '../../src/stack/paths';
import { cassandraLogin, s3Credentials } from '../../src/stack/credentials';
import { stackSettings, writeSettings } from '../../src/stack/settings';
import { alone, controlSocket, readState, removeControl, writeState } from '../../src/stack/state';
import { STATE } from './stack_state';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'state-'))));
afterEach(() => rmSync(home, { recursive: true }));

const PORTS = STATE.ports;

test('a stack lives in the state folder of its user, and a name that is no folder name is refused', () => {
  expect(stackFolder('x', { XDG_STATE_HOME: home }).root).toBe(join(home, 'twinstore', 'x'));
  for (const name of ['', '../x', 'a/b', 'A', 'x'.repeat(33)]) {
    expect(() => stackFolder(name, {})).toThrow(expect.objectContaining({ code: 'bad_request' }));
  }
});

test('the state is what was written; a missing, broken or newer one counts as none', async () => {
  const folder = stackFolder('x', { XDG_STATE_HOME: home });
  expect(readState(folder)).toBeNull();
  await alone(folder, async () => writeState(folder, STATE));
  expect(readState(folder)).toEqual(STATE);
  writeFileSync(folder.state, '{"format": 2}');
  expect(readState(folder)).toBeNull();
  writeFileSync(folder.state, '{');
  expect(readState(folder)).toBeNull();
});

test('one command at a time starts a stack; a lock of a dead one is no hindrance', async () => {
  const folder = stackFolder('x', { XDG_STATE_HOME: home });
  let others: boolean | undefined;
  const first = await alone(folder, async () => {
    others = await alone(folder, async () => undefined);
  });
  expect([first, others]).toEqual([true, false]);
  writeFileSync(join(folder.root, 'up.lock'), '999999999');
  expect(await alone(folder, async () => undefined)).toBe(true);
  await expect(alone(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await alone(folder, async () => undefined)).toBe(true);
});

test('a path that is too long for a socket has it elsewhere, in one folder that goes with it', () => {
  const long = stackFolder('x', { XDG_STATE_HOME: join(home, 'x'.repeat(100)) });
  const first = controlSocket(long, null);
  writeFileSync(first, ''); // Of a supervisor that was killed.
  const second = controlSocket(long, { ...STATE, control: first });
  expect([first, second].map(dirname).map(existsSync)).toEqual([false, true]);
  writeFileSync(second, '');
  removeControl(long, { ...STATE, control: second });
  expect(existsSync(dirname(second))).toBe(false);
});

test('of a stack whose folder was moved nothing is removed but its socket', async () => {
  const [old, moved] = ['old', 'moved'].map(place => stackFolder('x', { XDG_STATE_HOME: join(home, place) }));
  const control = controlSocket(old!, null);
  await alone(old!, async () => writeState(old!, STATE));
  removeControl(moved!, { ...STATE, control });
  expect(readState(old!)).toEqual(STATE);
});

test('the settings that are written are valid, name both stores, and hold no secret', async () => {
  const folder = stackFolder('x', { XDG_STATE_HOME: home });
  await alone(folder, async () => undefined);
  writeSettings(folder.settings, {
    ...folder,
    name: 'x',
    ports: PORTS,
    sparkJars: '/jars',
    javaHome: '/java',
    small: true
  });
  const text = readFileSync(folder.settings, 'utf8');
  const settings = parse(text);
  const valid = new Ajv({ validateFormats: false }).compile(schema);
  expect(valid(settings) ? null : valid.errors).toBeNull();
  expect(settings).toMatchObject({
    name: 'x',
    roots: [{ location: 's3a://features' }],
    stores: {
      offline: {
        endpoint: 'http://127.0.0.1:9000',
        single_writer: true,
        credentials: { file: join(folder.root, 's3-credentials.json') }
      },
      online: {
        hosts: ['127.0.0.1:9042'],
        datacenter: 'datacenter1',
        credentials: { file: join(folder.root, 'cassandra-credentials.json') }
      }
    },
    spark: { jars: '/jars', java_home: '/java' }
  });
  expect(text).not.toContain(s3Credentials(folder).secret_access_key);
  expect(text).not.toContain(cassandraLogin(folder).password);
});

test('only the settings of a small stack keep Java from compiling twice', () => {
  const source = { ...stackFolder('x', {}), name: 'x', ports: PORTS, sparkJars: '/jars', javaHome: '/java' };
  expect(stackSettings({ ...source, small: true }).spark?.conf).toEqual({
    'spark.driver.extraJavaOptions': expect.stringContaining('TieredStopAtLevel=1')
  });
  expect(stackSettings({ ...source, small: false }).spark?.conf).toBeUndefined();
});

test('credentials are made once and for their user only', async () => {
  const folder = stackFolder('x', { XDG_STATE_HOME: home });
  await alone(folder, async () => undefined);
  const made = [s3Credentials(folder), cassandraLogin(folder)];
  expect([s3Credentials(folder), cassandraLogin(folder)]).toEqual(made);
  for (const file of [folder.s3Credentials, folder.cassandraCredentials]) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  expect(cassandraLogin(folder).password.length).toBeGreaterThanOrEqual(40);
});

test('a folder that cannot be made is named, with where to put it instead', async () => {
  writeFileSync(join(home, 'file'), '');
  const folder = stackFolder('x', { XDG_STATE_HOME: join(home, 'file') });
  await expect(alone(folder, async () => undefined)).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining(folder.root),
    remedy: expect.stringContaining('XDG_STATE_HOME')
  });
});

test.each(['{"username": "twin', '{"username": 5}', '[]', ''])(
  'credentials that were damaged are named: %s',
  async text => {
    const folder = stackFolder('x', { XDG_STATE_HOME: home });
    await alone(folder, async () => undefined);
    writeFileSync(folder.cassandraCredentials, text);
    expect(() => cassandraLogin(folder)).toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining(folder.cassandraCredentials) })
    );
  }
);
