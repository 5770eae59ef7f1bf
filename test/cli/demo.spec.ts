import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { IContext } from '../../src/cli/command';
import { disuse, startDemo } from '../../src/cli/demo';
import { asJob } from '../../src/cli/job_events';
import { asWhole } from '../../src/cli/whole';
import type { IJobProgress, IJobResult } from '../../src/contract';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'demo-'))));
afterEach(() => rmSync(home, { recursive: true }));

const settings = (stack: string): string => join(home, 'twinstore', stack, 'twinstore.toml');

function context(): IContext & { stdin: PassThrough; stdout: PassThrough } {
  return {
    env: { XDG_STATE_HOME: home, XDG_CONFIG_HOME: join(home, 'config') },
    cwd: home,
    program: join(home, 'cli.js'),
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    signal: new AbortController().signal
  };
}

/** Lets the user's settings be a link. */
function linked(to: string): string {
  const link = join(home, 'config', 'twinstore', 'twinstore.toml');
  mkdirSync(join(home, 'config', 'twinstore'), { recursive: true });
  symlinkSync(to, link);
  return link;
}

describe('the demo stack', () => {
  it('leaves a link of the user alone, though it leads nowhere just now', async () => {
    const link = linked('/not/mounted/twinstore.toml');
    await expect(startDemo('demo', undefined, context(), () => undefined)).rejects.toMatchObject({
      code: 'conflict',
      message: `${link} is a link that leads nowhere.`
    });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('says what is in the way of its notebooks, before anything starts', async () => {
    mkdirSync(join(home, 'notebooks'));
    writeFileSync(join(home, 'notebooks', 'energy_features.ipynb'), '');
    const file = join(home, 'file');
    writeFileSync(file, '');
    await expect(startDemo('demo', file, context(), () => undefined)).rejects.toMatchObject({
      code: 'forbidden',
      message: `${file} could not be written (EEXIST).`
    });
  });

  it('takes its own link away when it is deleted, and no other', async () => {
    const link = linked(settings('demo'));
    await disuse(settings('other'), context());
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    await disuse(settings('demo'), context());
    expect(() => lstatSync(link)).toThrow('ENOENT');
  });
});

describe('the progress of its start', () => {
  const MIB = 1024 ** 2;
  const downloading = (done: number) => ({
    stage: 'Downloading jars',
    done: done * MIB,
    total: 60 * MIB,
    unit: 'bytes'
  });
  const starting = (done: number) => ({ stage: 'Starting', done, total: 2, unit: 'parts' });
  const writing = (done: number) => ({ stage: 'Writing', done, total: 5000, unit: 'rows' });

  function told(stages: IJobProgress[]): IJobProgress[] {
    const seen: IJobProgress[] = [];
    stages.forEach(asWhole(progress => seen.push(progress)));
    return seen;
  }

  it.each([
    [
      'with downloads',
      [downloading(0), downloading(30), downloading(60), starting(0), starting(2), writing(0), writing(5000)],
      [0, 30, 60, 60, 88, 88, 100]
    ],
    ['without', [starting(0), starting(1), starting(2), writing(0), writing(5000)], [0, 35, 70, 70, 100]],
    ['where a stage goes back', [starting(2), starting(1), starting(2)], [70, 70, 70]]
  ])('is one bar, %s', (_, stages, percent) => {
    const seen = told(stages);
    expect(seen.map(({ done }) => done)).toEqual(percent);
    expect(seen.every(({ total, unit }) => total === 100 && unit === '%')).toBe(true);
  });

  it('says how much of a stage is done', () => {
    expect(told([downloading(31), starting(1), writing(1000)]).map(({ stage }) => stage)).toEqual([
      'Downloading jars, 31 MiB of 60 MiB',
      'Starting',
      'Writing, 1,000 of 5,000 rows'
    ]);
  });
});

describe('a command as a job', () => {
  const told = ({ stdout }: { stdout: PassThrough }): unknown[] =>
    String(stdout.read())
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as unknown);

  it('tells what it does and what came of it', async () => {
    const job = context();
    const step = { stage: 'starting', done: 1, total: 2, unit: 'parts' };
    const code = await asJob(job, async (_, progress) => {
      progress(step);
      return { notebook: 'a.ipynb' };
    });
    expect(code).toBe(0);
    expect(told(job)).toEqual([
      { type: 'started' },
      { type: 'progress', ...step },
      { type: 'result', result: { notebook: 'a.ipynb' } }
    ]);
  });

  it('stops when standard input closes, for then the server that asked for it is gone', async () => {
    const job = context();
    const work = asJob(
      job,
      ({ signal }) =>
        new Promise<IJobResult>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    );
    job.stdin.end();
    expect(await work).toBe(130);
    expect(told(job)).toEqual([{ type: 'started' }, { type: 'stopped' }]);
  });
});
