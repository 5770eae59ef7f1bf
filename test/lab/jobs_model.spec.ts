import type { IJob, IJobEvent } from '../../src/contract';
import { fold } from '../../src/lab/jobs/fold';
import { JobsModel } from '../../src/lab/jobs/model';
import { FakeServer, json, settled, stream } from './fake_server';
import { aJob, aProblem, aReceipt, NOW_US, quietAppearance, SetHealth } from './samples';

const line = (event: IJobEvent): string => `${JSON.stringify(event)}\n`;
const cell = (seq: number, done: number): IJobEvent => ({
  seq,
  at_us: NOW_US + seq,
  type: 'progress',
  stage: `cell ${done} of 11`,
  done,
  total: 11,
  unit: 'cells'
});
const result: IJobEvent = { seq: 9, at_us: NOW_US + 9, type: 'result', result: { receipts: [aReceipt()] } };

describe('JobsModel', () => {
  let server: FakeServer;
  let health: SetHealth;
  let model: JobsModel;
  let jobs: IJob[];

  const started = async (): Promise<void> => {
    model = new JobsModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    await settled();
  };

  beforeEach(() => {
    jobs = [];
    health = new SetHealth();
    server = new FakeServer().on('GET jobs', () => json({ jobs }));
  });

  afterEach(() => {
    model.dispose();
  });

  it('finds a run that was started before the page was loaded, and reads on from its last event', async () => {
    jobs = [aJob({ last_seq: 5, progress: { stage: 'cell 4 of 11', done: 4, total: 11, unit: 'cells' } })];
    server.on('GET jobs/j1/events', () => stream([line(cell(6, 5))], 'breaks'));
    const changed: (string | undefined)[] = [];
    model = new JobsModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    model.stateChanged.connect(() => changed.push(model.jobs[0]?.progress?.stage));
    await settled();
    expect(server.requests('GET jobs/j1/events')[0]?.query.get('from')).toBe('6');
    expect(changed.slice(0, 2)).toEqual(['cell 4 of 11', 'cell 5 of 11']);
  });

  it('tells once that a job has ended, with its result', async () => {
    jobs = [aJob()];
    server.on('GET jobs/j1/events', () => {
      jobs = [aJob({ state: 'succeeded', last_seq: 9, ended_us: NOW_US + 9, result: { receipts: [aReceipt()] } })];
      return stream([line(cell(8, 11)), line(result)]);
    });
    const finished: IJob[] = [];
    model = new JobsModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    model.finished.connect((_, job) => finished.push(job));
    await settled();
    await model.refresh();
    expect(finished.map(({ state }) => state)).toEqual(['succeeded']);
    expect(finished[0]?.result?.receipts?.[0]?.written).toBe(200);
  });

  it('does not announce jobs that had ended before', async () => {
    jobs = [aJob({ state: 'failed' })];
    const finished: IJob[] = [];
    model = new JobsModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    model.finished.connect((_, job) => finished.push(job));
    await settled();
    expect(model.jobs).toHaveLength(1);
    expect(finished).toEqual([]);
  });

  it('shows a job from the moment it is started', async () => {
    await started();
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(aJob()))
      .on('GET jobs/j1/events', () => stream([line(result)]));
    const request = { verb: 'run', args: { notebook: 'a.ipynb' } } as const;
    await model.start(request);
    expect(server.requests('POST jobs')[0]?.body).toEqual(request);
    expect(model.jobs[0]?.id).toBe('j1');
  });

  it('starts one job about a group, however often it is asked to', async () => {
    await started();
    const request = { verb: 'parity', args: { group: 'energy', how: 'auto' } } as const;
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(aJob(request)))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const first = model.start(request);
    expect(model.isBusy('energy')).toBe(true);
    await Promise.all([first, model.start(request)]);
    await model.start({ verb: 'retry', args: { group: 'energy' } });
    expect(server.requests('POST jobs')).toHaveLength(1);
    expect([model.isBusy('energy'), model.isBusy('water')]).toEqual([true, false]);
  });

  it('is free again when a job was refused', async () => {
    await started();
    server.on('POST jobs', () => new Response('', { status: 403 }));
    await expect(model.start({ verb: 'retry', args: { group: 'energy' } })).rejects.toThrow('refused');
    expect(model.isBusy('energy')).toBe(false);
  });

  it('does not lose a job to a list that was made before it', async () => {
    jobs = [aJob({ id: 'j0', state: 'succeeded', started_us: NOW_US - 1e6 })];
    await started();
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(aJob()))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    await model.start({ verb: 'run', args: { notebook: 'a.ipynb' } });
    await model.refresh();
    expect(model.jobs.map(({ id }) => id)).toEqual(['j1', 'j0']);
  });

  it('keeps what an event has told against an older list', async () => {
    jobs = [aJob({ last_seq: 1 })];
    server.on('GET jobs/j1/events', () => stream([line(cell(2, 1)), line(cell(3, 2))], 'ends'));
    await started();
    await model.refresh();
    expect(model.jobs[0]?.progress?.stage).toBe('cell 2 of 11');
  });

  it('ends a job that a server restarted in between knows nothing of, and keeps it in sight', async () => {
    jobs = [aJob()];
    let restart: () => void = () => undefined;
    const isRestarted = new Promise<void>(resolve => (restart = resolve));
    const error = aProblem('There is no job j1.', 'r', { code: 'not_found', side: 'request' });
    server.on('GET jobs/j1/events', async () => {
      await isRestarted;
      return json(error, 404);
    });
    await started();
    const finished: IJob[] = [];
    model.finished.connect((_, job) => finished.push(job));
    jobs = [];
    restart();
    await settled();
    await model.refresh();
    expect(model.jobs).toEqual([expect.objectContaining({ id: 'j1', state: 'failed' })]);
    expect(model.jobs[0]?.error?.message).toContain('Jupyter Server was restarted');
    expect(finished.map(({ state }) => state)).toEqual(['failed']);
  });

  it('ends a job that is missing from a list made after it was started', async () => {
    jobs = [aJob()];
    server.on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    await started();
    jobs = [aJob({ id: 'j2', state: 'succeeded', started_us: NOW_US + 1 })];
    await model.refresh();
    expect(model.jobs.map(({ id, state }) => [id, state])).toEqual([
      ['j2', 'succeeded'],
      ['j1', 'failed']
    ]);
  });

  it('tells the end of a job that had ended before it was first looked at, once', async () => {
    const ended = aJob({ state: 'failed', ended_us: NOW_US });
    server.on('POST jobs', () => json({ id: 'j1' }, 202)).on('GET jobs/j1', () => json(ended));
    await started();
    const finished: IJob[] = [];
    model.finished.connect((_, job) => finished.push(job));
    await model.start({ verb: 'run', args: { notebook: 'a.ipynb' } });
    jobs = [ended];
    await model.refresh();
    expect(finished).toEqual([ended]);
  });

  it('asks the server to stop a job', async () => {
    server.on('DELETE jobs/j1', () => json(aJob(), 202));
    await started();
    await model.stop('j1');
    expect(server.requests('DELETE jobs/j1')).toHaveLength(1);
  });

  it('reads jobs while the companion is down, but not without a server', async () => {
    health.phase = 'failed';
    jobs = [aJob({ state: 'stopped' })];
    await started();
    expect(model.jobs).toHaveLength(1);
    health.set('lost');
    server.seen.length = 0;
    await settled();
    expect(server.seen).toEqual([]);
  });

  describe('in a page that is hidden and shown', () => {
    let hidden: jest.SpyInstance;
    const show = (isShown: boolean): void => {
      hidden.mockReturnValue(!isShown);
      document.dispatchEvent(new Event('visibilitychange'));
    };

    beforeEach(() => {
      hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(false);
      jobs = [aJob({ last_seq: 5 }), aJob({ id: 'j0', started_us: NOW_US - 1 })];
      for (const id of ['j0', 'j1']) {
        server.on(`GET jobs/${id}/events`, () => new Promise<Response>(() => undefined));
      }
    });

    afterEach(() => {
      hidden.mockRestore();
    });

    const streams = (): (string | boolean)[][] =>
      server.seen
        .filter(({ path }) => path.endsWith('/events'))
        .map(({ path, query, signal }) => [path, query.get('from') ?? '', signal.aborted]);

    it('reads the events of one job, and none while it is hidden', async () => {
      await started();
      expect(streams()).toEqual([['jobs/j1/events', '6', false]]);
      show(false);
      await model.refresh();
      expect(streams()).toEqual([['jobs/j1/events', '6', true]]);
      show(true);
      await settled();
      expect(streams()).toEqual([
        ['jobs/j1/events', '6', true],
        ['jobs/j1/events', '6', false]
      ]);
    });
  });

  it('closes its stream when it is disposed', async () => {
    jobs = [aJob()];
    server.on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    await started();
    model.dispose();
    expect(server.requests('GET jobs/j1/events')[0]?.signal.aborted).toBe(true);
  });
});

describe('fold', () => {
  it('takes no event twice', () => {
    const job = aJob({ last_seq: 5 });
    expect(fold(job, cell(5, 3))).toBe(job);
  });

  it('ends a job as its last event says', () => {
    const error = aProblem('m', 'r');
    const at = { seq: 9, at_us: NOW_US };
    expect(fold(aJob(), { ...at, type: 'failed', error })).toMatchObject({ state: 'failed', ended_us: NOW_US, error });
    expect(fold(aJob(), { ...at, type: 'stopped' }).state).toBe('stopped');
    expect(fold(aJob(), result).state).toBe('succeeded');
  });
});
