import type { Contents } from '@jupyterlab/services';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { IJob, ParityReport } from '../../src/contract';
import { JobsModel } from '../../src/lab/jobs/model';
import { RunsModel } from '../../src/lab/runs/model';
import { NotebooksModel } from '../../src/lab/runs/notebooks';
import { notify } from '../../src/lab/runs/notify';
import { outcome, RunsSection } from '../../src/lab/runs/section';
import { FakeServer, json, settled, stream } from './fake_server';
import { after, attached, press, the } from './rendering';
import { aJob, aProblem, aReceipt, aReport, NOW_US, quietAppearance, SetHealth, states } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');

function typeOf(path: string): string {
  return path.endsWith('.ipynb') ? 'notebook' : path.includes('.') ? 'file' : 'directory';
}

/** Folders and the notebooks in them, as far as the model asks. */
class FakeContents {
  readonly fileChanged = new Signal<this, Contents.IChangedArgs>(this);

  constructor(readonly folders: Record<string, string[]>) {}

  async get(folder: string): Promise<{ content: { type: string; path: string }[] }> {
    const paths = this.folders[folder];
    if (!paths) {
      throw new Error(`No such folder: ${folder}`);
    }
    return { content: paths.map(path => ({ type: typeOf(path), path })) };
  }

  get asManager(): Contents.IManager {
    return this as unknown as Contents.IManager;
  }
}

describe('NotebooksModel', () => {
  it('offers the energy notebook first, then the others', async () => {
    const contents = new FakeContents({
      '': ['scratch.ipynb', 'README.md', 'notebooks'],
      notebooks: ['notebooks/a.ipynb', 'notebooks/energy_features.ipynb']
    });
    const model = new NotebooksModel(contents.asManager);
    await model.refresh();
    expect(model.paths).toEqual(['notebooks/energy_features.ipynb', 'notebooks/a.ipynb', 'scratch.ipynb']);
    expect(model.chosen).toBe('notebooks/energy_features.ipynb');
    model.dispose();
  });

  it('forgets a choice that is gone, and notices a notebook that is new', async () => {
    const contents = new FakeContents({ '': ['a.ipynb', 'b.ipynb'] });
    const model = new NotebooksModel(contents.asManager);
    await model.refresh();
    model.choose('b.ipynb');
    contents.folders[''] = ['a.ipynb', 'c.ipynb'];
    contents.fileChanged.emit({ type: 'rename', oldValue: null, newValue: null });
    await settled();
    expect([model.chosen, model.paths]).toEqual(['a.ipynb', ['a.ipynb', 'c.ipynb']]);
    model.dispose();
  });

  it('offers the notebook in view before any other, unless another is chosen', async () => {
    const model = new NotebooksModel(new FakeContents({ '': ['a.ipynb'] }).asManager);
    await model.refresh();
    model.setInView('deep/inside/mine.ipynb');
    expect([model.chosen, model.paths]).toEqual(['deep/inside/mine.ipynb', ['deep/inside/mine.ipynb', 'a.ipynb']]);
    model.choose('a.ipynb');
    expect(model.chosen).toBe('a.ipynb');
    // What came of a run is not what to run.
    model.setInView('runs/mine-20260301T103107.125Z.ipynb');
    expect(model.chosen).toBe('a.ipynb');
    model.setInView(null);
    expect([model.chosen, model.paths]).toEqual(['a.ipynb', ['a.ipynb']]);
    model.dispose();
  });
});

describe('RunsSection', () => {
  let server: FakeServer;
  let jobs: JobsModel;
  let model: RunsModel;
  let saved: string[];
  let opened: string[];

  beforeEach(() => {
    saved = [];
    opened = [];
    server = new FakeServer().on('GET jobs', () => json({ jobs: [] }));
  });

  afterEach(() => {
    model.dispose();
    jobs.dispose();
    document.body.replaceChildren();
  });

  const section = async (): Promise<HTMLElement> => {
    jobs = new JobsModel({ client: server.client, appearance: quietAppearance(), health: new SetHealth().asModel });
    const notebooks = new NotebooksModel(new FakeContents({ '': ['energy_features.ipynb'] }).asManager);
    await notebooks.refresh();
    model = new RunsModel(jobs, notebooks, async path => void saved.push(path));
    await settled();
    return (await attached(new RunsSection(model, path => opened.push(path), trans))).node;
  };

  it('runs the notebook as a job and shows which cell it is at', async () => {
    const progress = { stage: 'cell 6 of 11', done: 6, total: 11, unit: 'cells' };
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(aJob({ progress })))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const node = await section();
    await after(() => the(node, 'button', 'Run energy_features.ipynb').click());
    expect(server.requests('POST jobs')[0]?.body).toEqual({ verb: 'run', args: { notebook: 'energy_features.ipynb' } });
    expect(saved).toEqual(['energy_features.ipynb']);
    expect(node.textContent).toContain('cell 6 of 11');
    expect(node.textContent).toContain('54 %');
    expect(node.querySelector('progress')?.value).toBeCloseTo(6 / 11);
  });

  it('starts one run when its button is clicked twice, and shows that it is busy', async () => {
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(aJob({ args: { notebook: 'energy_features.ipynb' } })))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const run = the(await section(), 'button', 'Run energy_features.ipynb');
    expect(run.getAttribute('aria-disabled')).toBe('false');
    await after(() => [run.click(), run.click()]);
    expect(server.requests('POST jobs')).toHaveLength(1);
    expect(run.getAttribute('aria-disabled')).toBe('true');
  });

  it('is one tab stop in which arrows move, but not out of a text that scrolls', async () => {
    const error = aProblem('It broke.', 'Mend it.', { details: 'a long text' });
    const ended = { state: 'failed', error } as const;
    server.on('GET jobs', () => json({ jobs: [aJob(ended), aJob({ ...ended, id: 'j2', started_us: NOW_US - 1 })] }));
    const node = await section();
    const [first, second] = [...node.querySelectorAll<HTMLElement>('.twinstore-Run')];
    expect([first?.tabIndex, second?.tabIndex]).toEqual([0, -1]);
    await after(() => first?.focus());
    await press('ArrowDown');
    expect(document.activeElement).toBe(second);
    expect([first?.tabIndex, second?.tabIndex]).toEqual([-1, 0]);
    const text = second?.querySelector('pre');
    await after(() => text?.focus());
    await press('ArrowUp');
    expect(document.activeElement).toBe(text);
  });

  it('opens the executed notebook of a run, also of one that failed', async () => {
    const output = 'runs/energy_features-20260301T103107.125Z.ipynb';
    const jobs = [
      aJob({ state: 'failed', output, error: aProblem('It broke.', 'Mend it.') }),
      aJob({ id: 'j2', verb: 'parity', state: 'failed' })
    ];
    server.on('GET jobs', () => json({ jobs }));
    const node = await section();
    await after(() => the(node, 'button', 'Open outputs').click());
    expect(opened).toEqual([output]);
  });

  it('stops a run that was found, and says when that is refused', async () => {
    server
      .on('GET jobs', () => json({ jobs: [aJob()] }))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined))
      .on('DELETE jobs/j1', () => new Response('', { status: 403 }));
    const node = await section();
    await after(() => the(node, 'button', 'Stop').click());
    expect(server.requests('DELETE jobs/j1')).toHaveLength(1);
    expect(node.textContent).toContain('refused');
  });

  it('gives a run that found the stores to differ no tick, and tells its end to those who do not see it', async () => {
    const report = aReport({ verdict: 'out_of_parity', states: states({ mismatch: 12 }) });
    const result = { seq: 2, at_us: NOW_US, type: 'result', result: { report } };
    server
      .on('GET jobs', () => json({ jobs: [aJob()] }))
      .on('GET jobs/j1/events', () => stream([`${JSON.stringify(result)}\n`]));
    const node = await section();
    expect(the(node, '.twinstore-Run').querySelector('svg')?.dataset['state']).toBe('differs');
    expect(the(node, '[role=status]').textContent).toContain('energy_features.ipynb: ');
  });

  it('says why a notebook cannot be run', async () => {
    server.on('POST jobs', () => new Response('', { status: 403 }));
    const node = await section();
    await after(() => the(node, 'button', 'Run energy_features.ipynb').click());
    expect(node.textContent).toContain('ask for the permission');
  });

  it('shows how a run ended, with error and remedy', async () => {
    const error = aProblem('Cassandra at 127.0.0.1:9042 did not answer in 5 s.', 'Start it, then retry.', {
      details: 'cell 8'
    });
    server.on('GET jobs', () => json({ jobs: [aJob({ state: 'failed', ended_us: NOW_US + 9e6, error })] }));
    const node = await section();
    for (const words of ['Failed after 9.0', error.message, error.remedy]) {
      expect(node.textContent).toContain(words);
    }
    expect(the(node, 'details').hasAttribute('open')).toBe(false);
  });
});

describe('notify', () => {
  const report = (verdict: ParityReport['verdict']): Partial<IJob> => ({ result: { report: aReport({ verdict }) } });

  it.each<[string, Partial<IJob>, string | undefined]>([
    ['a run that wrote', { result: { receipts: [aReceipt()] } }, 'success'],
    ['a run that proved parity', report('in_parity'), 'success'],
    ['a run that found differences', report('out_of_parity'), 'warning'],
    ['a run that set rows aside', { result: { receipts: [aReceipt({ failed: 1 })] } }, 'warning'],
    ['a run that left rows unconfirmed', { result: { receipts: [aReceipt({ unconfirmed: 1 })] } }, 'warning'],
    ['a run that proved nothing', report('unknown'), 'info'],
    ['a run that failed', { state: 'failed' }, 'error'],
    ['a run that was stopped', { state: 'stopped' }, undefined]
  ])('tells of %s as it deserves', (_, change, type) => {
    Notification.manager.dismiss();
    notify(aJob({ state: 'succeeded', ended_us: NOW_US, ...change }), trans);
    expect(Notification.manager.notifications.map(notification => notification.type)).toEqual(type ? [type] : []);
  });

  it('says why a run failed', () => {
    Notification.manager.dismiss();
    notify(aJob({ state: 'failed', ended_us: NOW_US, error: aProblem('It broke.', 'Mend it.') }), trans);
    expect(Notification.manager.notifications[0]?.message).toContain('It broke. Mend it.');
  });
});

describe('outcome', () => {
  const ended = { state: 'succeeded', ended_us: NOW_US + 83e6 } as const;

  it('is the receipt, then the verdict', () => {
    const job = aJob({ ...ended, result: { receipts: [aReceipt()], report: aReport() } });
    expect(outcome(job, trans).replaceAll('\u00a0', ' ')).toBe(
      '126,000 rows added to history, 200 rows written online. In parity: 5,560 rows compared in 0.9 s.'
    );
  });

  it('says how long a notebook ran that wrote nothing', () => {
    expect(outcome(aJob({ ...ended, result: {} }), trans).replaceAll('\u00a0', ' ')).toBe(
      'Done in 1 min 23 s; nothing was written.'
    );
  });
});
