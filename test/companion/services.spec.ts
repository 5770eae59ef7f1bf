import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redactor } from '../../src/companion/redaction';
import { CurrentServices } from '../../src/companion/services';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary_folder';

afterAll(removeTemporaryFolders);

describe('the services of the settings', () => {
  it.each([
    ['the settings', 'twinstore.toml'],
    ["the offline store's credentials", 's3.json'],
    ["the online store's credentials", 'cql.json'],
    ['the authorities', 'ca.pem']
  ])('are made anew when %s change, and only then', async (_, changed) => {
    const cwd = temporaryFolder();
    const files: Record<string, string> = {
      's3.json': '{"access_key_id": "id", "secret_access_key": "wrong"}',
      'cql.json': '{"username": "me", "password": "wrong"}',
      'ca.pem': '',
      'twinstore.toml': `
        [stores.offline]
        credentials = { file = "s3.json" }
        [stores.online]
        hosts = ["127.0.0.1:1"]
        datacenter = "datacenter1"
        credentials = { file = "cql.json" }
        tls = true
        ca = "ca.pem"
      `
    };
    const write = (name: string, text = '') => writeFileSync(join(cwd, name), text, { mode: 0o600 });
    Object.entries(files).forEach(([name, text]) => write(name, text));
    const current = new CurrentServices({
      places: { env: {}, cwd, home: cwd },
      workerScript: '',
      redactor: new Redactor(),
      nowUs: () => 0,
      random: () => 0,
      user: 'me'
    });
    const first = await current.get();
    expect(await current.get()).toBe(first);
    write(changed, files[changed]?.replace('wrong', 'corrected').concat('\n'));
    expect(await current.get()).not.toBe(first);
    await current.dispose();
  });
});
