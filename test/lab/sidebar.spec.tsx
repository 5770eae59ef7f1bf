import { Clipboard } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { HealthCover } from '../../src/lab/health/cover';
import { HealthFoot } from '../../src/lab/health/foot';
import { HealthModel } from '../../src/lab/health/model';
import { GroupsModel } from '../../src/lab/groups/model';
import { GroupsSection } from '../../src/lab/groups/section';
import { TwinstoreSidebar } from '../../src/lab/shell/sidebar';
import { StatusItem } from '../../src/lab/shell/status_item';
import { Widget } from '@lumino/widgets';
import type { IStoreHealth } from '../../src/contract';
import { FakeServer, json, settled } from './fake_server';
import { after, attached, press, the } from './rendering';
import { aHealth, aProblem, aStatus, aSummary, NOW_US, quietAppearance, SetHealth } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');
const appearance = quietAppearance();

afterEach(() => {
  document.body.replaceChildren();
});

describe('TwinstoreSidebar', () => {
  const sidebar = new TwinstoreSidebar({ trans, activate: () => undefined });

  it('shows sections by rank, whatever came first', () => {
    const runs = sidebar.addSection({ id: 'runs', title: 'Runs', rank: 400, widget: new Widget() });
    sidebar.addSection({ id: 'groups', title: 'Groups', rank: 100, widget: new Widget() });
    sidebar.addSection({ id: 'tables', title: 'Tables', rank: 200, widget: new Widget() });
    expect(sidebar.widgets.map(({ title }) => title.label)).toEqual(['Groups', 'Tables', 'Runs']);
    runs.dispose();
    expect(sidebar.widgets.map(({ title }) => title.label)).toEqual(['Groups', 'Tables']);
  });

  it('shows the cover instead of the sections, then the sections again', () => {
    const cover = new Widget();
    sidebar.setCover(cover);
    expect([sidebar.content.isHidden, cover.parent]).toEqual([true, sidebar]);
    sidebar.setCover(null);
    expect([sidebar.content.isHidden, cover.parent]).toEqual([false, null]);
  });

  it('takes the focus when it is shown on demand', async () => {
    await attached(sidebar);
    sidebar.focus();
    expect(document.activeElement).toBe(sidebar.node);
    Widget.detach(sidebar);
  });

  it('names itself to a screen reader', () => {
    expect(sidebar.node.getAttribute('role')).toBe('region');
    expect(sidebar.node.getAttribute('aria-label')).toBe('Twinstore');
  });
});

describe('health in the sidebar', () => {
  let server: FakeServer;
  let model: HealthModel;
  let demos: string[];

  beforeEach(() => {
    demos = [];
    server = new FakeServer().on('GET status', () => json(aStatus())).on('GET api/health', () => json(aHealth()));
  });

  afterEach(() => {
    model.dispose();
  });

  const cover = async (): Promise<Element> => {
    model = new HealthModel({ client: server.client, appearance });
    await settled();
    return (await attached(new HealthCover(model, trans))).node;
  };

  it('says at the foot which store is silent, where, since when and what to do', async () => {
    const silent: IStoreHealth = {
      name: 'Cassandra',
      address: '127.0.0.1:9042',
      ok: false,
      took_ms: null,
      last_seen_us: NOW_US,
      error: aProblem('Cassandra at 127.0.0.1:9042 did not answer in 5 s.', 'Start it with twinstore stack up.')
    };
    server.on('GET api/health', () => json(aHealth({ stores: [...aHealth().stores.slice(0, 1), silent] })));
    model = new HealthModel({ client: server.client, appearance });
    await settled();
    const foot = await attached(new HealthFoot(model, trans, () => demos.push('started')));
    for (const words of ['S3', 'Cassandra', 'unreachable', '127.0.0.1:9042', 'last seen', 'twinstore stack up']) {
      expect(foot.node.textContent).toContain(words);
    }
    // What ticks would be announced again and again.
    expect(the(foot.node, '[aria-live]').textContent).not.toContain('last seen');
    await after(() => the(foot.node, 'button', 'Start the demo stack').click());
    expect(demos).toEqual(['started']);
    server.on('GET api/health', () => json(aHealth()));
    await after(() => the(foot.node, 'button', 'Try again').click());
    expect(foot.node.textContent).not.toContain('unreachable');
    expect(foot.node.textContent).toContain('acting as local');
  });

  it('shows on demand which settings are in force, and how to use others', async () => {
    const config = '/home/ana/twinstore.toml';
    const shown = async (environment: string, isNamed: boolean): Promise<string> => {
      server
        .on('GET status', () => json(aStatus({ config, config_is_named: isNamed })))
        .on('GET api/health', () => json(aHealth({ environment })));
      model = new HealthModel({ client: server.client, appearance });
      await settled();
      const foot = await attached(new HealthFoot(model, trans, () => undefined));
      const settings = foot.node.querySelector('details')!;
      expect(settings.open).toBe(false);
      foot.openSettings();
      expect([settings.open, document.activeElement]).toEqual([true, settings.querySelector('summary')]);
      const words = settings.textContent ?? '';
      expect(words).toContain(config);
      foot.dispose();
      model.dispose();
      return words;
    };
    expect(await shown('demo', false)).toContain('twinstore stack down --delete');
    expect(await shown('prod', false)).toContain('move it away');
    expect(await shown('prod', true)).toContain('TWINSTORE_CONFIG names this file');
  });

  it('says that the page is of another version than the server', async () => {
    const versions = { server: '9.0.0', companion: '9.0.0', node: 'v20.0.0' };
    server.on('GET status', () => json(aStatus({ versions })));
    model = new HealthModel({ client: server.client, appearance });
    await settled();
    const { node } = await attached(new HealthFoot(model, trans, () => demos.push('started')));
    expect(the(node, '[role=status]').textContent).toContain('the server of 9.0.0: reload the page');
    server.on('GET status', () => json(aStatus()));
    await after(() => model.refresh());
    expect(node.querySelector('[role=status]')).toBeNull();
  });

  it('does not offer a restart for settings that cannot be used', async () => {
    const error = aProblem('Line 3 is wrong.', 'Correct it.', { code: 'bad_request', side: 'request' });
    server.on('GET api/health', () => json(error, 400));
    const node = await cover();
    expect(node.textContent).toContain('Line 3 is wrong.');
    expect([...node.querySelectorAll('button')].map(button => button.textContent)).not.toContain('Restart');
  });

  it('shows the log of a companion that has failed, and restarts it', async () => {
    const error = aProblem('It ended.', 'Restart it.', { code: 'unavailable', side: 'twinstore' });
    server
      .on('GET status', () => json(aStatus({ companion: 'failed', log: ['boom'], error })))
      .on('POST restart', () => json({}, 202));
    const node = await cover();
    expect(the(node, 'pre').textContent).toContain('boom');
    await after(() => the(node, 'button', 'Restart').click());
    expect(server.requests('POST restart')).toHaveLength(1);
  });

  it('says when the server answered last, but does not announce it anew as time goes by', async () => {
    const node = await cover();
    server.on('GET status', () => new Response('', { status: 502 }));
    await after(() => model.refresh());
    expect(node.textContent).toContain('It last answered just now');
    expect(the(node, '[aria-live]').textContent).not.toContain('It last answered');
    expect(the(node, '[aria-live]').textContent).toContain('No answer from Jupyter Server');
  });

  it('says how to get the server half where it is missing', async () => {
    server.on('GET status', () => new Response('', { status: 404 }));
    expect((await cover()).textContent).toContain('pip install');
  });
});

describe('GroupsSection', () => {
  let server: FakeServer;
  let model: GroupsModel;
  let opened: string[];

  beforeEach(() => {
    opened = [];
    server = new FakeServer().on('POST api/groups', () =>
      json({
        groups: [
          aSummary({ name: 'energy' }),
          aSummary({ name: 'merchants', state: 'behind', words: '3 behind', head: 20, watermark: 17 }),
          aSummary({ name: 'terminals', state: 'differs', words: '12 rows differ' })
        ],
        errors: []
      })
    );
  });

  afterEach(() => {
    model.dispose();
  });

  const section = async (): Promise<HTMLElement> => {
    model = new GroupsModel({ client: server.client, appearance, health: new SetHealth().asModel });
    await settled();
    return (await attached(new GroupsSection({ model, trans, onOpen: name => opened.push(name) }))).node;
  };

  it('says the state of each group in words, and hides the glyph from those who hear it', async () => {
    const node = await section();
    const merchants = the(node, 'button', 'merchants');
    expect(merchants.textContent).toContain('3 behind');
    expect(merchants.textContent).toContain('v17→v20');
    expect(merchants.querySelector('svg')?.getAttribute('aria-hidden')).toBe('true');
  });

  it('is one tab stop in which arrows move', async () => {
    const node = await section();
    expect([...node.querySelectorAll('button')].map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1]);
    await after(() => the(node, 'button', 'energy').focus());
    await press('ArrowDown');
    expect(document.activeElement).toBe(the(node, 'button', 'merchants'));
    await press('End');
    expect(document.activeElement).toBe(the(node, 'button', 'terminals'));
    await press('ArrowDown');
    expect(document.activeElement).toBe(the(node, 'button', 'terminals'));
    expect([...node.querySelectorAll('button')].map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0]);
  });

  it('announces that the groups cannot be read', async () => {
    server.on('POST api/groups', () => new Response('', { status: 502 }));
    expect(the(await section(), '[role=status]').textContent).toContain('status 502');
  });

  it('tells two groups of one name apart', async () => {
    const groups = ['s3a://a/energy', 's3a://b/energy'].map(offline => aSummary({ offline }));
    server.on('POST api/groups', () => json({ groups, errors: [] }));
    const items = [...(await section()).querySelectorAll('button')];
    expect(items.map(({ tabIndex }) => tabIndex)).toEqual([0, -1]);
    await after(() => items[0]?.focus());
    await press('ArrowDown');
    expect(document.activeElement).toBe(items[1]);
  });

  it('says how new the newest events are: once, or for both stores where they differ', async () => {
    const [recent, older] = [Date.now() * 1000 - 150e6, Date.now() * 1000 - 3.5 * 86400e6];
    server.on('POST api/groups', () =>
      json({
        groups: [
          aSummary({ offline_event_us: recent, online_event_us: recent }),
          aSummary({ name: 'merchants', offline_event_us: recent, online_event_us: older })
        ],
        errors: []
      })
    );
    const node = await section();
    const line = (name: string): string =>
      [...the(node, 'button', name).querySelectorAll('.twinstore-Item-line')].at(-1)?.textContent ?? '';
    expect(line('energy').replaceAll('\u00a0', ' ')).toContain('newest event 2 m ago');
    expect(line('energy')).not.toContain('online');
    expect(line('merchants').replaceAll('\u00a0', ' ')).toContain('newest event offline 2 m agoonline 3 d ago');
    expect(the(node, 'button', 'merchants').title).toMatch(/Newest event offline .* UTC .*, online .* UTC/);
  });

  it('copies an error, also where the page came over plain http', async () => {
    const copy = jest.spyOn(Clipboard, 'copyToSystem').mockReturnValue();
    server.on('POST api/groups', () => new Response('', { status: 502 }));
    const node = await section();
    await after(() => the(node, 'button', 'Copy').click());
    expect(copy).toHaveBeenCalledWith(expect.stringContaining('status 502'));
    copy.mockRestore();
  });

  it('opens the group that is chosen', async () => {
    const node = await section();
    await after(() => the(node, 'button', 'merchants').click());
    expect(opened).toEqual(['merchants']);
  });

  it('says what is wrong with a group, and what to do, where it is seen', async () => {
    const error = aProblem('The online table is missing.', 'Run retry.');
    server.on('POST api/groups', () => json({ groups: [aSummary({ name: 'energy', error })], errors: [] }));
    expect(the(await section(), 'button', 'energy').textContent).toContain('The online table is missing. Run retry.');
  });

  it('says once what all groups suffer from', async () => {
    const error = aProblem('S3 did not answer.', 'Start it.');
    const groups = ['energy', 'merchants'].map(name => aSummary({ name, error }));
    server.on('POST api/groups', () => json({ groups, errors: [] }));
    const text = (await section()).textContent ?? '';
    expect(text.split('S3 did not answer.')).toHaveLength(2);
  });

  it('says how to get a group where there is none', async () => {
    server.on('POST api/groups', () => json({ groups: [], errors: [] }));
    expect((await section()).textContent).toContain('energy_features.ipynb');
  });

  it('keeps old groups in sight, greyed, when they cannot be read, and reads again when asked', async () => {
    const node = await section();
    const answer = json({ groups: [aSummary()], errors: [] });
    server.on('POST api/groups', () => new Response('', { status: 502 }));
    await after(() => model.refresh());
    expect(the(node, 'button', 'merchants').closest('.twinstore-mod-stale')).not.toBeNull();
    expect(node.textContent).toContain('As of just now');
    expect(the(node, '[role=status]').textContent).toContain('status 502');
    expect(the(node, '[role=status]').textContent).not.toContain('As of');
    server.on('POST api/groups', () => answer);
    await after(() => the(node, 'button', 'Try again').click());
    expect(node.querySelector('.twinstore-mod-stale')).toBeNull();
  });

  it('shows the worst group in the status bar, and as old once the chain is broken', async () => {
    await section();
    const health = new SetHealth();
    const item = await attached(
      new StatusItem({ groups: model, health: health.asModel, trans, onClick: () => opened.push('sidebar') })
    );
    await after(() => model.refresh());
    expect(item.node.textContent).toBe('terminals  12 rows differ');
    await after(() => health.set('lost'));
    expect(the(item.node, 'button').title).toContain('when last read');
    await after(() => the(item.node, 'button').click());
    expect(opened).toEqual(['sidebar']);
  });
});
