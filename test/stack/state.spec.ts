import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'smol-toml';
import { readFileSync } from 'node:fs';
import schema from '../../src/contract/config.schema.json';
import { stackFolder } from '../../src/stack/paths';
import { s3Credentials } from '../../src/stack/s3';
import { writeSettings } from '../../src/stack/settings';
import { alone, readState, writeState } from '../../src/stack/state';
import type { IStackState } from '../../src/stack/state';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'state-'))));
afterEach(() => rmSync(home, { recursive: true }));

const PORTS = { cassandra: 9042, storage: 7000, s3: 9000 };
const STATE: IStackState = {
  format: 1,
  name: 'x',
  ports: PORTS,
  java_home: '/java',
  cache: '/cache',
  cassandra_heap_mib: 400,
  control: '/control.sock'
};

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

test('the settings that are written are valid, name both stores, and hold no secret', () => {
  const file = join(home, 'twinstore.toml');
  const credentials = join(home, 's3-credentials.json');
  const secret = s3Credentials(credentials);
  writeSettings(file, { name: 'x', ports: PORTS, credentials, sparkJars: '/jars', javaHome: '/java' });
  const text = readFileSync(file, 'utf8');
  const settings = parse(text);
  const valid = new Ajv({ validateFormats: false }).compile(schema);
  expect(valid(settings) ? null : valid.errors).toBeNull();
  expect(settings).toMatchObject({
    name: 'x',
    roots: [{ location: 's3a://features' }],
    stores: {
      offline: { endpoint: 'http://127.0.0.1:9000', single_writer: true, credentials: { file: credentials } },
      online: { hosts: ['127.0.0.1:9042'], datacenter: 'datacenter1' }
    },
    spark: { jars: '/jars', java_home: '/java' }
  });
  expect(text).not.toContain(secret.secret_access_key);
});

test('the credentials are made once and for their user only', () => {
  const file = join(home, 's3-credentials.json');
  const made = s3Credentials(file);
  expect(s3Credentials(file)).toEqual(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(made.secret_access_key.length).toBeGreaterThanOrEqual(40);
});
