import { parseSettings } from '../../src/companion/config/settings';
import type { IConnectAnswers } from '../../src/lab/first_use/settings_text';
import { settingsText } from '../../src/lab/first_use/settings_text';

const ANSWERS: IConnectAnswers = {
  root: 's3a://features',
  endpoint: '',
  region: 'eu-west-1',
  offlineCredentials: '',
  dialect: 'cassandra',
  hosts: '10.0.0.1:9042, 10.0.0.2:9042',
  datacenter: 'datacenter1',
  tls: false,
  onlineCredentials: ''
};

describe('settings that the interface writes', () => {
  const settings = (change: object): ReturnType<typeof parseSettings> =>
    parseSettings(settingsText({ ...ANSWERS, ...change }), '/home/ana/twinstore.toml', '/home/ana');

  it('is what the companion takes', () => {
    expect(settings({ onlineCredentials: '~/cassandra.json' })).toEqual({
      roots: [{ location: 's3a://features' }],
      stores: {
        offline: { region: 'eu-west-1', single_writer: true },
        online: {
          dialect: 'cassandra',
          hosts: ['10.0.0.1:9042', '10.0.0.2:9042'],
          datacenter: 'datacenter1',
          credentials: { file: '/home/ana/cassandra.json' }
        }
      }
    });
  });

  it.each<[string, object, object]>([
    [
      'an S3 of another maker by its path',
      { endpoint: 'http://s3:9000' },
      { offline: { endpoint: 'http://s3:9000', path_style: true } }
    ],
    ['Keyspaces encrypted', { dialect: 'keyspaces' }, { online: { dialect: 'keyspaces', tls: true } }],
    ['Cassandra encrypted where that was asked for', { tls: true }, { online: { tls: true } }],
    ['a folder without turns', { root: '/data' }, { offline: { region: 'eu-west-1' } }]
  ])('reaches %s', (_, change, stores) => {
    expect(settings(change).stores).toMatchObject(stores);
  });

  it('lets writers to a folder not wait for each other', () => {
    expect(settings({ root: '/data' }).stores.offline.single_writer).toBeUndefined();
  });
});
