import { nullTranslator } from '@jupyterlab/translation';
import { parse } from 'smol-toml';
import type { IJob, IStatus } from '../../src/contract';
import { FirstUseModel } from '../../src/lab/first_use/model';
import { FirstUse } from '../../src/lab/first_use/view';
import { HealthModel } from '../../src/lab/health/model';
import { JobsModel } from '../../src/lab/jobs/model';
import { FakeServer, json, settled, stream } from './fake_server';
import { after, attached, press, the } from './rendering';
import { aHealth, aJob, aProblem, aStatus, NOW_US, quietAppearance } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');
const appearance = quietAppearance();

describe('FirstUse', () => {
  let server: FakeServer;
  let health: HealthModel;
  let jobs: JobsModel;

  const status = (change: Partial<IStatus> = {}): void => {
    server.on('GET status', () => json(aStatus({ companion: 'stopped', config: null, ...change })));
  };
  const demo = (change: Partial<IJob> = {}): IJob =>
    aJob({ verb: 'demo', args: {}, title: 'demo stack', output: null, ...change });

  beforeEach(() => {
    server = new FakeServer().on('GET jobs', () => json({ jobs: [] })).on('GET api/health', () => json(aHealth()));
    status();
  });

  afterEach(() => {
    jobs.dispose();
    health.dispose();
    document.body.replaceChildren();
  });

  const view = async (): Promise<HTMLElement> => {
    health = new HealthModel({ client: server.client, appearance });
    await settled();
    jobs = new JobsModel({ client: server.client, appearance, health });
    await settled();
    return (await attached(new FirstUse(new FirstUseModel(server.client, health, jobs), trans))).node;
  };
  const type = (root: Element, label: string, value: string): Promise<void> =>
    after(() => {
      const input = the(root, 'label', label).querySelector('input');
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value);
      input?.dispatchEvent(new Event('input', { bubbles: true }));
    });

  it('tells what this is and which settings it looked for', async () => {
    const node = await view();
    for (const words of ['one verdict', 'row by row', ...aStatus().config_candidates]) {
      expect(node.textContent).toContain(words);
    }
  });

  it('names the settings file that TWINSTORE_CONFIG names in vain', async () => {
    status({ config_candidates: ['/gone/twinstore.toml'], config_is_named: true });
    expect((await view()).textContent).toContain('names a file that does not exist: /gone/twinstore.toml');
  });

  it('starts the demo stack, shows how far it is, and looks again when it runs', async () => {
    const progress = { stage: 'Downloading jars', done: 30, total: 60, unit: 'bytes' };
    let end: () => void = () => undefined;
    const ended = new Promise<void>(resolve => (end = resolve));
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(demo({ progress })))
      .on('GET jobs/j1/events', async () => {
        await ended;
        return stream([`${JSON.stringify({ type: 'result', result: {}, seq: 99, at_us: NOW_US })}\n`]);
      });
    const node = await view();
    await after(() => the(node, 'button', 'Start the demo stack').click());
    expect(server.requests('POST jobs')[0]?.body).toEqual({ verb: 'demo', args: {} });
    expect(node.textContent).toContain('Downloading jars');
    expect(the(node, 'button', 'Stop').textContent).toBe('Stop');
    expect(health.phase).toBe('unconfigured');
    status({ companion: 'ready', config: '/home/ana/.config/twinstore/twinstore.toml' });
    await after(end);
    expect(health.phase).toBe('ready');
  });

  it('says why the demo stack did not start, and lets it be started again', async () => {
    const error = aProblem('The local stack needs 900 MiB of free memory.', 'Close something.');
    server.on('GET jobs', () => json({ jobs: [demo({ state: 'failed', ended_us: NOW_US, error })] }));
    const node = await view();
    expect(the(node, '[role=status]', error.message).textContent).toContain(error.remedy);
    expect(the(node, 'button', 'Start the demo stack')).toBeDefined();
  });

  it('says what stays of a start that was stopped, and how to go on', async () => {
    server.on('GET jobs', () => json({ jobs: [demo({ state: 'stopped', ended_us: NOW_US })] }));
    const node = await view();
    const words = the(node, '[role=status]', 'was stopped').textContent;
    expect(words).toContain('and with it what it had started');
    expect(words).toContain('files of the stack stay: start it again to go on from there');
    expect(words).toContain('twinstore stack down --delete');
  });

  it('writes what was answered as settings, and connects by them', async () => {
    server.on('POST settings', () => json({ path: '/home/ana/.config/twinstore/twinstore.toml' }, 201));
    const node = await view();
    await after(() => the(node, 'button', 'Connect…').click());
    await type(node, 'Where tables lie', ' s3a://features ');
    await type(node, 'S3 endpoint', 'http://s3:9000');
    await type(node, 'Hosts and ports', '10.0.0.1:9042');
    await type(node, 'Datacenter', 'datacenter1');
    status({ companion: 'ready', config: '/home/ana/.config/twinstore/twinstore.toml' });
    await after(() => the(node, 'button', 'Connect').click());
    const { text } = server.requests('POST settings')[0]?.body as { text: string };
    expect(parse(text)).toMatchObject({
      roots: [{ location: 's3a://features' }],
      stores: { online: { hosts: ['10.0.0.1:9042'], datacenter: 'datacenter1' } }
    });
    expect(health.phase).toBe('ready');
  });

  it('keeps the answers when they are refused, and says why', async () => {
    server.on('POST settings', () =>
      json(aProblem('It is not legal: hosts.', 'Correct it.', { code: 'bad_request' }), 400)
    );
    const node = await view();
    await after(() => the(node, 'button', 'Connect…').click());
    await type(node, 'Hosts and ports', 'nonsense');
    await after(() =>
      node.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
    );
    expect(the(node, '[role=status]').textContent).toContain('It is not legal: hosts.');
    expect(the(node, 'label', 'Hosts and ports').querySelector('input')?.value).toBe('nonsense');
  });

  it('leaves the form by Escape', async () => {
    const node = await view();
    await after(() => the(node, 'button', 'Connect…').click());
    expect(document.activeElement).toBe(the(node, 'label', 'Where tables lie').querySelector('input'));
    await press('Escape');
    expect(node.querySelector('form')).toBeNull();
    expect(document.activeElement).toBe(the(node, 'button', 'Connect…'));
  });
});
