import type { JupyterFrontEnd } from '@jupyterlab/application';
import { acceptDialog, dismissDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { DefinitionTab } from '../../src/lab/definition/tab';
import { FollowingModel } from '../../src/lab/following_model';
import { GroupView } from '../../src/lab/group/group_view';
import { GroupModel } from '../../src/lab/group/model';
import type { GroupPanel } from '../../src/lab/group/view';
import { JobsModel } from '../../src/lab/jobs/model';
import { parityPlugin } from '../../src/lab/parity/plugin';
import { WritesTab } from '../../src/lab/writes/tab';
import { FakeServer, json, settled, stream } from './fake_server';
import { after, attached, the } from './rendering';
import { aJob, anAnswer, aProblem, aReceipt, aReport, NOW_US, quietAppearance, SetHealth, states } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');
const appearance = quietAppearance();
const proving = aJob({ verb: 'parity', args: { group: 'energy', how: 'auto' }, title: 'energy' });

describe('GroupView', () => {
  let server: FakeServer;
  let jobs: JobsModel;
  let view: GroupView;
  let shown: GroupPanel | null;
  let health: SetHealth;

  beforeEach(async () => {
    shown = null;
    health = new SetHealth();
    server = new FakeServer()
      .on('GET jobs', () => json({ jobs: [] }))
      .on('POST api/groups/get', () => json(anAnswer()))
      .on('POST api/receipts', () => json({ receipts: [aReceipt({ late: 12, resumed: ['r0'] })], total: 3 }))
      .on('POST api/proofs', () => json({ proofs: [], total: 0, last_proof: null }));
    jobs = new JobsModel({ client: server.client, appearance, health: health.asModel });
    await settled();
    view = new GroupView({
      trans,
      createModel: name => new GroupModel({ name, client: server.client, appearance, health: health.asModel, jobs }),
      show: panel => (shown = panel)
    });
  });

  afterEach(() => {
    shown?.dispose();
    jobs.dispose();
    document.body.replaceChildren();
  });

  const opened = async (): Promise<GroupPanel> => {
    view.open('energy');
    await settled();
    if (!shown) {
      throw new Error('Nothing was shown.');
    }
    return attached(shown);
  };

  const showParity = (): void =>
    void parityPlugin.activate({} as JupyterFrontEnd, view, server.client, appearance, null);

  it('opens one view for each group', async () => {
    const panel = await opened();
    view.open('energy');
    expect(shown).toBe(panel);
    expect(panel.title.label).toBe('energy');
  });

  it('shows both twins, their versions and addresses', async () => {
    server.on('POST api/groups/get', () =>
      json(anAnswer({ state: 'behind', words: '1 behind', watermark: 40, lag: 1 }))
    );
    const { node } = await opened();
    expect(the(node, 'section', 'Offline').textContent).toContain('s3a://features/energy');
    expect(the(node, 'section', 'Offline').textContent).toContain('version 41');
    expect(the(node, 'section', 'Online').textContent).toContain('feature_store.energy');
    expect(the(node, 'section', 'Online').textContent).toContain('1 version behind');
  });

  it('looks again as soon as settings have come', async () => {
    server.on('POST api/groups/get', () => json(aProblem('No settings.', 'Start the demo stack.'), 404));
    const { node } = await opened();
    expect(node.textContent).toContain('No settings.');
    server.on('POST api/groups/get', () => json(anAnswer()));
    await after(() => health.set('ready'));
    expect(the(node, 'section', 'Offline').textContent).toContain('version 41');
  });

  it('brings online what is behind, and offers that only then', async () => {
    server
      .on('POST api/groups/get', () => json(anAnswer({ state: 'behind', words: '2 behind', watermark: 39, lag: 2 })))
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json({ ...proving, verb: 'retry' }))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const { node } = await opened();
    await after(() => the(node, 'button', 'Bring 2 versions online').click());
    expect(server.requests('POST jobs')[0]?.body).toEqual({ verb: 'retry', args: { group: 'energy' } });
    shown?.dispose();
    server.on('POST api/groups/get', () => json(anAnswer()));
    expect((await opened()).node.textContent).not.toContain('Bring');
  });

  it('says what is wrong with the online table, where and what to do', async () => {
    const error = aProblem(
      'The online table feature_store.energy does not exist though receipts say that it was written.',
      'If it was dropped on purpose, write the group anew.',
      { code: 'not_found' }
    );
    server.on('POST api/groups/get', () => json(anAnswer({ state: 'differs', words: 'online table missing', error })));
    const { node } = await opened();
    for (const words of ['online table missing', error.message, error.remedy]) {
      expect(the(node, '.twinstore-GroupHeader').textContent).toContain(words);
    }
  });

  it('proves, shows how far it is, and announces the verdict', async () => {
    const { node } = await opened();
    let end: () => void = () => undefined;
    const isOver = new Promise<void>(resolve => (end = resolve));
    const stage = { seq: 2, at_us: NOW_US, type: 'progress', stage: 'comparing', done: 1, total: 4, unit: 'steps' };
    const result = { seq: 3, at_us: NOW_US, type: 'result', result: { report: aReport() } };
    const answers = [
      async () => stream([`${JSON.stringify(stage)}\n`]),
      async () => {
        await isOver;
        return stream([`${JSON.stringify(result)}\n`]);
      }
    ];
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(proving))
      .on('GET jobs/j1/events', () => (answers.shift() ?? (() => new Response('', { status: 500 })))());
    await after(() => the(node, 'button', 'Prove now').click());
    expect(server.requests('POST jobs')[0]?.body).toEqual({ verb: 'parity', args: { group: 'energy', how: 'auto' } });
    expect(node.textContent).toContain('comparing');
    const prove = the(node, 'button', 'Prove now') as HTMLButtonElement;
    // It keeps the focus, and yet does nothing.
    expect([prove.disabled, prove.getAttribute('aria-disabled')]).toEqual([false, 'true']);
    await after(() => prove.click());
    expect(server.requests('POST jobs')).toHaveLength(1);
    const before = server.requests('POST api/groups/get').length;
    await after(end);
    expect(the(node, '[role=status]', 'In parity').getAttribute('aria-live')).toBe('polite');
    expect(prove.getAttribute('aria-disabled')).toBe('false');
    expect(server.requests('POST api/groups/get').length).toBe(before + 1);
  });

  it('begins one proof when it is told twice at once', async () => {
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(proving))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const { node } = await opened();
    const prove = the(node, 'button', 'Prove now');
    await after(() => [prove.click(), prove.click()]);
    expect(server.requests('POST jobs')).toHaveLength(1);
  });

  it('repairs rows that differ, once that was affirmed', async () => {
    const proof = aReport({ verdict: 'out_of_parity', states: states({ mismatch: 3, extra_online: 2 }) });
    server
      .on('POST api/groups/get', () => json(anAnswer({ state: 'differs', words: '5 rows differ', last_proof: proof })))
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json({ ...proving, verb: 'repair' }))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined));
    const { node } = await opened();
    const repair = the(node, 'button', 'Repair rows');
    await after(() => repair.click());
    const dialog = the(document.body, '.jp-Dialog');
    for (const words of ['feature_store.energy', '3 rows are written', '3 mismatch', '2 extra rows are deleted']) {
      expect(dialog.textContent).toContain(words);
    }
    await after(() => dismissDialog());
    expect(server.requests('POST jobs')).toHaveLength(0);
    await after(() => repair.click());
    await after(() => acceptDialog());
    expect(server.requests('POST jobs')[0]?.body).toEqual({ verb: 'repair', args: { group: 'energy' } });
    expect(repair.getAttribute('aria-disabled')).toBe('true');
  });

  it('offers no repair of what is in parity', async () => {
    const { node } = await opened();
    expect([...node.querySelectorAll('button')].map(button => button.textContent)).not.toContain('Repair rows …');
  });

  it('stops a proof that runs', async () => {
    server
      .on('POST jobs', () => json({ id: 'j1' }, 202))
      .on('GET jobs/j1', () => json(proving))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined))
      .on('DELETE jobs/j1', () => json(proving, 202));
    const { node } = await opened();
    await after(() => the(node, 'button', 'Prove now').click());
    await after(() => the(node, 'button', 'Stop').click());
    expect(server.requests('DELETE jobs/j1')).toHaveLength(1);
  });

  it('says why a proof cannot be stopped', async () => {
    server
      .on('GET jobs', () => json({ jobs: [proving] }))
      .on('GET jobs/j1/events', () => new Promise<Response>(() => undefined))
      .on('DELETE jobs/j1', () => new Response('', { status: 403 }));
    await jobs.refresh();
    const { node } = await opened();
    await after(() => the(node, 'button', 'Stop').click());
    expect(node.textContent).toContain('refused twinstore/jobs/j1');
  });

  it('says why a proof cannot be begun', async () => {
    const refusal = aProblem('A write of energy is in flight.', 'Wait for it.', { code: 'conflict', side: 'request' });
    server.on('POST jobs', () => json(refusal, 409));
    const { node } = await opened();
    await after(() => the(node, 'button', 'Prove now').click());
    expect(node.textContent).toContain('A write of energy is in flight.');
    expect(node.textContent).toContain('Wait for it.');
  });

  it('says what is wrong with a group that is not there', async () => {
    const missing = aProblem('There is no group energy.', 'Run its notebook.', { code: 'not_found', side: 'request' });
    server.on('POST api/groups/get', () => json(missing, 404));
    const { node } = await opened();
    expect(node.textContent).toContain('There is no group energy.');
  });

  it('shows tabs by rank, also those that come later, one at a time', async () => {
    const tab = (id: string, rank: number): Parameters<GroupView['addTab']>[0] => ({
      id,
      title: id,
      rank,
      create: () => new Widget()
    });
    view.addTab(tab('Writes', 400));
    const panel = await opened();
    const parity = view.addTab(tab('Parity', 300));
    const titles = (): (string | null)[] =>
      [...panel.node.querySelectorAll('[role=tab]')].map(({ textContent }) => textContent);
    const visible = (): (string | null)[] =>
      [...panel.node.querySelectorAll('[role=tabpanel]:not(.lm-mod-hidden)')].map(node =>
        node.getAttribute('aria-label')
      );
    await after(() => undefined);
    expect([titles(), visible()]).toEqual([['Parity', 'Writes'], ['Parity']]);
    await after(() => parity.dispose());
    expect([titles(), visible()]).toEqual([['Writes'], ['Writes']]);
  });

  it('tells each write in a sentence and what it resumed', async () => {
    view.addTab({
      id: 'writes',
      title: 'Writes',
      rank: 400,
      create: group =>
        new WritesTab(
          new FollowingModel({
            name: 'test',
            fetch: request => server.client.receipts(group.name, 1, request),
            appearance,
            source: group,
            mark: ({ summary: { last_receipt: receipt } }) => `${receipt?.run_id}`
          }),
          trans
        )
    });
    const { node } = await opened();
    const entry = the(node, '.twinstore-Timeline-entry');
    for (const words of ['write by ana', 'v40→v41', '12 late rows', 'Finished 1 earlier run', '125,800']) {
      expect(entry.textContent).toContain(words);
    }
    expect(node.textContent).toContain('The newest 1 of 3 writes.');
  });

  it('shows the offenders of the last proof with both values', async () => {
    const report = aReport({
      verdict: 'out_of_parity',
      states: states({ match: 5559, mismatch: 1 }),
      offenders: {
        total: 1,
        shown: [
          {
            key: { household_id: 'MAC003221' },
            state: 'mismatch',
            columns: ['energy_sum', 'energy_std'],
            offline: { energy_sum: '512.3', energy_std: null },
            online: { energy_sum: '470.6', energy_std: '0.0' },
            offline_commit: 41,
            online_commit: 41,
            online_write_us: NOW_US,
            reason: 'changed outside twinstore'
          }
        ]
      }
    });
    server.on('POST api/proofs', () => json({ proofs: [report], total: 1, last_proof: report }));
    showParity();
    const { node } = await opened();
    const row = the(node, 'tr', 'MAC003221');
    for (const words of ['mismatch', '512.3', '470.6', 'energy_std: null', 'energy_std: 0.0', 'changed outside']) {
      expect(row.textContent).toContain(words);
    }
  });

  it('shows the proof that counts, and that a newer one was inconclusive', async () => {
    const last = aReport();
    const newest = aReport({ id: 'p2', verdict: 'unknown', notes: ['The log has a hole.'] });
    server.on('POST api/proofs', () => json({ proofs: [last], total: 1, last_proof: last }));
    showParity();
    const panel = await opened();
    const tab = the(panel.node, '.twinstore-Parity');
    expect(tab.textContent).not.toContain('inconclusive');
    server
      .on('POST api/groups/get', () => json(anAnswer({ newest_proof_id: 'p2' })))
      .on('POST api/proofs', () => json({ proofs: [newest], total: 2, last_proof: last }));
    await after(() => panel.refresh());
    expect(tab.textContent).toContain('A newer proof was inconclusive: Unknown: The log has a hole.');
    expect(the(tab, '.twinstore-Parity-verdict').textContent).toContain('In parity');
  });

  it('lists the columns with their part in the group', async () => {
    view.addTab({ id: 'definition', title: 'Definition', rank: 500, create: group => new DefinitionTab(group, trans) });
    const { node } = await opened();
    expect(the(node, 'tr', 'household_id').textContent).toContain('key');
    expect(the(node, 'tr', 'energy_sum').textContent).toContain('double');
  });
});
