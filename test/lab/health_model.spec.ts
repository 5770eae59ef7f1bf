import { HealthModel } from '../../src/lab/health/model';
import type { ConnectionPhase } from '../../src/tokens';
import { FakeServer, json, settled } from './fake_server';
import { aHealth, aStatus, quietAppearance } from './samples';

const failure = {
  code: 'unavailable',
  message: 'The companion ended with exit code 1.',
  remedy: 'Read its log.',
  side: 'twinstore',
  details: '',
  requestId: 'q'
} as const;

describe('HealthModel', () => {
  let server: FakeServer;
  let model: HealthModel;

  const started = async (): Promise<void> => {
    model = new HealthModel({ client: server.client, appearance: quietAppearance() });
    await settled();
  };

  beforeEach(() => {
    server = new FakeServer().on('GET status', () => json(aStatus())).on('GET api/health', () => json(aHealth()));
  });

  afterEach(() => {
    model.dispose();
  });

  it('is ready when the companion tells of its stores', async () => {
    await started();
    expect(model.phase).toBe('ready');
    expect(model.data?.health?.acting_as).toBe('local');
  });

  it('is missing where the server has no such extension', async () => {
    server.on('GET status', () => new Response('', { status: 404 }));
    await started();
    expect(model.phase).toBe('missing');
    expect(model.trouble?.remedy).toContain('pip install');
  });

  it('is lost when the server does not answer, and ready when it does again', async () => {
    await started();
    const phases: ConnectionPhase[] = [];
    model.phaseChanged.connect((_, phase) => phases.push(phase));
    server.on('GET status', () => {
      throw new TypeError('Failed to fetch');
    });
    await model.refresh();
    server.on('GET status', () => json(aStatus()));
    await model.refresh();
    expect(phases).toEqual(['lost', 'ready']);
  });

  it('is unconfigured without settings, and asks no companion then', async () => {
    server.on('GET status', () => json(aStatus({ companion: 'stopped', config: null })));
    await started();
    expect(model.phase).toBe('unconfigured');
    expect(server.requests('GET api/health')).toEqual([]);
  });

  it('is starting for as long as the first answer of the companion takes', async () => {
    let answer: (response: Response) => void = () => undefined;
    server
      .on('GET status', () => json(aStatus({ companion: 'stopped' })))
      .on('GET api/health', () => new Promise<Response>(resolve => (answer = resolve)));
    await started();
    expect(model.phase).toBe('starting');
    answer(json(aHealth()));
    await settled();
    expect(model.phase).toBe('ready');
  });

  it('has failed with the reason and the log of the companion, without pressing it', async () => {
    server.on('GET status', () => json(aStatus({ companion: 'failed', error: failure, log: ['boom'] })));
    await started();
    expect(model.phase).toBe('failed');
    expect(model.trouble?.message).toBe(failure.message);
    expect(server.requests('GET api/health')).toEqual([]);
  });

  it('has failed when a companion that runs does not answer', async () => {
    server.on('GET api/health', () => json(failure, 503));
    await started();
    expect(model.phase).toBe('failed');
    expect(model.trouble?.message).toBe(failure.message);
  });

  it('lacks a permission, whichever question is refused, and is not said to be lost', async () => {
    server.on('GET api/health', () => new Response('', { status: 403 }));
    await started();
    expect(model.phase).toBe('forbidden');
    server.on('GET status', () => new Response('', { status: 403 }));
    await model.refresh();
    expect(model.phase).toBe('forbidden');
  });

  it('says what is wrong with the settings, and that is newer than what the status tells', async () => {
    const message = '/home/ana/twinstore.toml is not TOML at line 3, column 1: unexpected end.';
    server
      .on('GET status', () => json(aStatus({ companion: 'degraded', error: failure })))
      .on('GET api/health', () => json({ ...failure, code: 'bad_request', message }, 400));
    await started();
    expect([model.phase, model.trouble?.message]).toEqual(['misconfigured', message]);
  });

  it('takes a question that was given up for no trouble', async () => {
    server.on('GET api/health', () => new Promise<Response>(() => undefined));
    await started();
    server.on('GET api/health', () => json(aHealth()));
    const phases: ConnectionPhase[] = [];
    model.phaseChanged.connect((_, phase) => phases.push(phase));
    await model.refresh();
    await settled();
    expect(phases).toEqual(['ready']);
    server.on('GET api/health', () => new Promise<Response>(() => undefined));
    const first = model.refresh();
    await settled();
    const second = model.refresh();
    await settled();
    expect(model.trouble).toBeNull();
    model.dispose();
    await Promise.all([first, second]);
  });

  it('restarts once, however often it is asked to meanwhile', async () => {
    server.on('GET status', () => json(aStatus({ companion: 'failed', error: failure })));
    await started();
    server.on('POST restart', () => json({}, 202)).on('GET status', () => json(aStatus({ companion: 'starting' })));
    await Promise.all([model.restart(), model.restart()]);
    expect(server.requests('POST restart')).toHaveLength(1);
  });

  it('restarts the companion and looks again', async () => {
    server.on('GET status', () => json(aStatus({ companion: 'failed', error: failure })));
    await started();
    server.on('POST restart', () => json({}, 202)).on('GET status', () => json(aStatus({ companion: 'starting' })));
    await model.restart();
    expect(model.phase).toBe('ready');
  });
});
