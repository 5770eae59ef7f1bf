import { GroupsModel } from '../../src/lab/groups/model';
import { FakeServer, json, settled } from './fake_server';
import { aSummary, quietAppearance, SetHealth } from './samples';

describe('GroupsModel', () => {
  const health = new SetHealth();
  const server = new FakeServer();
  let model: GroupsModel;

  beforeEach(() => {
    health.phase = 'ready';
    server.seen.length = 0;
    server.on('POST api/groups', () =>
      json({
        groups: [
          aSummary({ name: 'terminals', state: 'differs', words: '12 rows differ' }),
          aSummary({ name: 'energy' }),
          aSummary({ name: 'merchants', state: 'behind', words: '3 behind' })
        ],
        errors: []
      })
    );
  });

  afterEach(() => {
    model.dispose();
  });

  const started = async (): Promise<void> => {
    model = new GroupsModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    await settled();
  };

  it('lists groups by name and knows the worst', async () => {
    await started();
    expect(model.groups.map(({ name }) => name)).toEqual(['energy', 'merchants', 'terminals']);
    expect(model.worst?.name).toBe('terminals');
  });

  it('knows no worst group where there is none', async () => {
    server.on('POST api/groups', () => json({ groups: [], errors: [] }));
    await started();
    expect(model.worst).toBeNull();
  });

  it('waits until the chain is ready, and reads as soon as it is', async () => {
    health.phase = 'starting';
    await started();
    expect(server.seen).toEqual([]);
    health.set('ready');
    await settled();
    expect(model.groups).toHaveLength(3);
  });

  it('forgets the groups when there are no settings any more, also those that are just being read', async () => {
    await started();
    let answer: (response: Response) => void = () => undefined;
    server.on('POST api/groups', () => new Promise<Response>(resolve => (answer = resolve)));
    void model.refresh();
    await settled();
    health.set('unconfigured');
    expect([model.groups, model.worst, model.data]).toEqual([[], null, null]);
    answer(json({ groups: [aSummary()], errors: [] }));
    await settled();
    expect(model.worst).toBeNull();
  });
});
