import { nullTranslator } from '@jupyterlab/translation';
import { parseSettings } from '../../src/companion/config';
import type { ITableEntry } from '../../src/contract';
import { codeFor, codeForGroup } from '../../src/lab/tables/code';
import { DeltaFolders } from '../../src/lab/tables/delta_folders';
import { TablesModel } from '../../src/lab/tables/model';
import { TablesSection } from '../../src/lab/tables/section';
import { FakeServer, json } from './fake_server';
import { after, attached, press, the } from './rendering';
import { aProblem, quietAppearance, SetHealth } from './samples';

const trans = nullTranslator.load('jupyterlab_twinstore');
const ROOTS: ITableEntry[] = [
  { name: 's3a://raw', location: 's3a://raw', kind: 'folder' },
  { name: 'energy', location: 's3a://features/energy', kind: 'group' }
];
const RAW: ITableEntry[] = [
  { name: 'events', location: 's3a://raw/events', kind: 'table' },
  { name: 'old', location: 's3a://raw/old', kind: 'folder' }
];

describe('the Tables section', () => {
  let server: FakeServer;
  let health: SetHealth;
  let model: TablesModel;
  let section: TablesSection;
  let opened: string[];

  beforeEach(async () => {
    opened = [];
    server = new FakeServer().on('POST api/tables', ({ body }) => {
      const { location = null } = body as { location?: string };
      const entries = location === null ? ROOTS : location === 's3a://raw' ? RAW : [];
      return json({ location, entries, truncated: false });
    });
    health = new SetHealth();
    model = new TablesModel({ client: server.client, appearance: quietAppearance(), health: health.asModel });
    section = await attached(new TablesSection(model, location => opened.push(location), trans));
    await after(() => health.set('ready'));
  });

  afterEach(() => {
    section.dispose();
    model.dispose();
  });

  const items = (): (string | undefined)[] =>
    [...section.node.querySelectorAll<HTMLElement>('[role=treeitem]')].map(({ dataset }) => dataset['location']);
  const focused = (): string | undefined => (document.activeElement as HTMLElement).dataset['location'];

  it('shows the roots once the stores answer, and lists a folder when it is opened', async () => {
    expect(items()).toEqual(['s3a://raw', 's3a://features/energy']);
    expect(server.requests('POST api/tables')).toHaveLength(1);
    await after(() => the(section.node, '.twinstore-Tree-item', 's3a://raw').click());
    expect(items()).toEqual(['s3a://raw', 's3a://raw/events', 's3a://raw/old', 's3a://features/energy']);
    expect(the(section.node, '[data-location="s3a://features/energy"]').textContent).toContain('feature group');
  });

  it('is walked through by arrows, as one tab stop', async () => {
    section.node.querySelector<HTMLElement>('[role=treeitem]')!.focus();
    await press('ArrowRight');
    await press('ArrowRight');
    expect(focused()).toBe('s3a://raw/events');
    expect(section.node.querySelectorAll('[role=treeitem][tabindex="0"]')).toHaveLength(1);
    await press('Enter');
    expect(opened).toEqual(['s3a://raw/events']);
    await press('ArrowLeft');
    expect(focused()).toBe('s3a://raw');
    await press('ArrowLeft');
    expect(items()).toHaveLength(2);
    await press('End');
    expect(focused()).toBe('s3a://features/energy');
  });

  it('says that a folder is empty, and why one cannot be listed', async () => {
    await after(() => model.open('s3a://raw'));
    await after(() => model.open('s3a://raw/old'));
    expect(the(section.node, '.twinstore-Tree-note').textContent).toBe('No table here.');
    const problem = aProblem('s3a://raw/old may not be listed.', 'Ask for s3:ListBucket.', { code: 'forbidden' });
    server.on('POST api/tables', () => json(problem, 403));
    await after(() => model.open('s3a://raw/old'));
    expect(the(section.node, '.twinstore-Tree-note').textContent).toContain('Ask for s3:ListBucket.');
  });

  it('says what to do where no roots are configured', async () => {
    server.on('POST api/tables', () => json({ location: null, entries: [], truncated: false }));
    await after(() => model.relist());
    expect(section.node.textContent).toContain('twinstore.toml');
    const stores = '[stores.offline]\n[stores.online]\nhosts = ["h:9042"]\ndatacenter = "d"';
    const { roots } = parseSettings(`${the(section.node, 'code').textContent}\n${stores}`, '/twinstore.toml', '/');
    expect(roots).toEqual([{ location: 's3a://features' }]);
  });

  it('lists opened folders again on demand', async () => {
    await after(() => model.open('s3a://raw'));
    await after(() => model.relist());
    const asked = server.requests('POST api/tables').map(({ body }) => JSON.stringify(body));
    expect(asked.sort()).toEqual(['{"location":"s3a://raw"}', '{"location":"s3a://raw"}', '{}', '{}']);
  });

  it('shows what was listed until it is listed anew, whatever answers late', async () => {
    await after(() => model.open('s3a://raw'));
    const answers: ((entries: ITableEntry[]) => void)[] = [];
    server.on('POST api/tables', ({ body }) => {
      const { location = null } = body as { location?: string };
      const answered = (entries: ITableEntry[]) => json({ location, entries, truncated: false });
      return location === null
        ? answered(ROOTS)
        : new Promise<Response>(resolve => answers.push(entries => resolve(answered(entries))));
    });
    await after(() => void model.relist());
    await after(() => void model.relist());
    expect(items()).toContain('s3a://raw/events');
    await after(() => answers[1]?.([]));
    await after(() => answers[0]?.(RAW));
    expect(items()).not.toContain('s3a://raw/events');
  });

  it('opens any path, and offers what lies where it leads', async () => {
    await model.complete('s3a://raw/ev');
    await after(() => undefined);
    const offered = [...section.node.querySelectorAll('option')].map(option => option.value);
    expect(offered).toContain('s3a://raw/events');
    const input = section.node.querySelector('input')!;
    await after(() => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, ' /data/t ');
      input.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await after(() => the(section.node, 'button', 'Open').click());
    expect(opened).toEqual(['/data/t']);
  });
});

describe('the code that reads a table', () => {
  it('names its address and, where another one is looked at, its version', () => {
    expect(codeFor('s3a://raw/a "b"', null)).toBe('spark.read.format("delta").load("s3a://raw/a \\"b\\"")');
    expect(codeFor('/t', 3)).toBe('spark.read.format("delta").option("versionAsOf", 3).load("/t")');
    expect(codeForGroup('energy', null)).toBe('store.offline("energy")');
    expect(codeForGroup('energy', 3)).toBe('store.offline("energy", version=3)');
  });
});

describe('folders of the file browser', () => {
  it('hold a Delta table when a log lies in them, and are looked into until one does', async () => {
    let content: unknown[] = [];
    let asked = 0;
    const get = async (): Promise<unknown> => {
      asked++;
      return { content };
    };
    const folders = new DeltaFolders({ get } as never);
    expect(folders.holds('table')).toBeNull();
    await folders.look('table');
    expect(folders.holds('table')).toBe(false);
    content = [{ name: '_delta_log', type: 'directory' }];
    await folders.look('table');
    await folders.look('table');
    expect([folders.holds('table'), asked]).toEqual([true, 2]);
  });
});
