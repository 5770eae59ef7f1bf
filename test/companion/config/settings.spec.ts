import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadSettings, parseSettings, readCredentials, settingsCandidates } from '../../../src/companion/config';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary_folder';

afterAll(removeTemporaryFolders);

const LEGAL = `
name = "demo"
roots = [{ location = "s3a://features" }]
[stores.offline]
endpoint = "http://127.0.0.1:9000"
[stores.offline.credentials]
file = "keys/s3.json"
[stores.online]
hosts = ["127.0.0.1:9042"]
datacenter = "datacenter1"
ca = "authorities.pem"
[stores.online.credentials]
file = "~/cql.json"
`;
const read = (text: string) => parseSettings(text, '/etc/twinstore.toml', '/home/me');

describe('settings', () => {
  it('are looked for where TWINSTORE_CONFIG says and nowhere else, else here, else in the user configuration', () => {
    const places = { cwd: '/project', home: '/home/me' };
    expect(settingsCandidates({ ...places, env: { TWINSTORE_CONFIG: 'x.toml' } })).toEqual(['/project/x.toml']);
    expect(settingsCandidates({ ...places, env: {} })).toEqual([
      '/project/twinstore.toml',
      '/home/me/.config/twinstore/twinstore.toml'
    ]);
    expect(settingsCandidates({ ...places, env: { XDG_CONFIG_HOME: '/c' } })[1]).toBe('/c/twinstore/twinstore.toml');
  });

  it('are the first that are found', async () => {
    const home = temporaryFolder();
    const cwd = temporaryFolder();
    const user = join(home, '.config', 'twinstore');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'twinstore.toml'), LEGAL);
    expect((await loadSettings({ env: {}, cwd, home })).path).toBe(join(user, 'twinstore.toml'));
    writeFileSync(join(cwd, 'twinstore.toml'), LEGAL.replace('demo', 'here'));
    expect(await loadSettings({ env: {}, cwd, home })).toMatchObject({ settings: { name: 'here' } });
  });

  it('have no default: an error names the places, the demo stack and the variable', async () => {
    const cwd = temporaryFolder();
    const error = await loadSettings({ env: {}, cwd, home: '/nowhere' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'not_found',
      message: `No settings: ${cwd}/twinstore.toml and /nowhere/.config/twinstore/twinstore.toml do not exist.`,
      remedy: expect.stringMatching(/twinstore stack demo.*TWINSTORE_CONFIG/)
    });
  });

  it('find credentials beside their file and in the home folder', () => {
    const { stores } = read(LEGAL);
    expect(stores.offline.credentials?.file).toBe('/etc/keys/s3.json');
    expect(stores.online.credentials?.file).toBe('/home/me/cql.json');
    expect(stores.online.ca).toBe('/etc/authorities.pem');
  });

  it.each([
    ['text that is no TOML', 'name = ', /\/etc\/twinstore\.toml is not TOML at line 1, column \d+/],
    ['an unknown entry', `secret = "x"\n${LEGAL}`, /must NOT have additional properties \("secret"\)/],
    ['a missing store', 'name = "x"', /must have required property 'stores'/],
    ['a host without a port', LEGAL.replace(':9042', ''), /stores\.online\.hosts\.0 must match pattern/],
    [
      'an endpoint that is no address',
      LEGAL.replace('http://127.0.0.1:9000', 'local'),
      /stores\.offline\.endpoint must match format/
    ],
    [
      'an unknown consistency',
      LEGAL.replace('hosts', 'consistency = "SOME"\nhosts'),
      /consistency .* LOCAL_ONE, LOCAL_QUORUM/
    ]
  ])('refuse %s and name the place', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('name everything that is wrong at once', () => {
    expect(() => read('roots = [{}]\n[stores.offline]\n[stores.online]\nhosts = []\n')).toThrow(
      /roots\.0 must have.*location.*; stores\.online must have.*datacenter.*; stores\.online\.hosts must NOT have fewer/
    );
  });
});

describe('credentials', () => {
  const file = (content: string, mode = 0o600) => {
    const path = join(temporaryFolder(), 'keys.json');
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };

  it('tell their secrets to who must hide them', async () => {
    const secrets: string[] = [];
    const path = file('{"username": "me", "password": "canary"}');
    expect(await readCredentials(path, secret => secrets.push(secret))).toEqual({ username: 'me', password: 'canary' });
    expect(secrets).toEqual(['canary']);
  });

  it('are refused when others can read them', async () => {
    const path = file('{}', 0o640);
    await expect(readCredentials(path, () => undefined)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('mode 0640'),
      remedy: `Run \`chmod 600 ${path}\`.`
    });
  });

  it.each(['{"password": "canary"', '["canary"]', '{"password": 1}'])(
    'are refused without being repeated: %s',
    async text => {
      const error = await readCredentials(file(text), () => undefined).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'bad_request' });
      expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('canary');
    }
  );
});
