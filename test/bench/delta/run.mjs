// `npm run bench -- delta [--rounds N] [--days N] [--only TEXT]`: the companion's reader of Delta tables beside deltalake, pyarrow and
// duckdb, each in a process of its own for each task, in rounds that go round all of them. Bytes and requests of the peers
// are what their processes read.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUNDLE = join(ROOT, 'build', 'bench', 'delta');
const VENV = join(ROOT, 'build', 'bench', 'delta-venv');
const PYTHON = join(VENV, 'bin', 'python');
const REQUIREMENTS = join(HERE, 'requirements.txt');

/** Of 5,560 households. */
const DAYS = 630;
const HOUSEHOLDS = 5_560;
const WARM_UP = 5;
const LIMIT = 1_000;
const COLUMNS = ['household_id', 'day', 'energy_sum'];
const households = count =>
  Array.from({ length: count }, (_, i) => `MAC${String((i * 55 + 7) % HOUSEHOLDS).padStart(6, '0')}`);

const latest = (what, name, keys, targets = []) => ({
  what,
  task: 'latest',
  args: { name, keys },
  rows: keys?.length ?? HOUSEHOLDS,
  peers: ['duckdb', 'deltalake'],
  targets
});
/** What is timed. A target is [figure, of whom it is a multiple, or null for a bound by itself, how much at most]. */
const tasks = rows => [
  {
    what: 'preview, cheapest window',
    task: 'preview',
    args: { name: 'day', limit: LIMIT },
    own: { window: 'cheapest' },
    rows: LIMIT,
    peers: ['deltalake', 'pyarrow', 'duckdb'],
    targets: [
      ['ms', 'deltalake', 1],
      ['bytes', null, 4e6],
      ['peak_mib', null, 200]
    ]
  },
  {
    what: 'preview, first rows',
    task: 'preview',
    args: { name: 'day', limit: LIMIT },
    own: { window: 'first' },
    rows: LIMIT,
    peers: ['deltalake', 'pyarrow', 'duckdb'],
    targets: [
      ['ms', 'deltalake', 1.7],
      ['bytes', null, 9e6],
      ['peak_mib', null, 200]
    ]
  },
  {
    what: 'scan of 3 columns',
    task: 'scan',
    args: { name: 'day', columns: COLUMNS },
    rows,
    peers: ['deltalake', 'pyarrow', 'duckdb'],
    targets: []
  },
  {
    what: 'snapshot of 100,000 files',
    task: 'snapshot',
    args: { name: 'many' },
    rows: 100_000,
    peers: ['deltalake'],
    targets: [['ms', 'deltalake', 1.5]]
  },
  ...['day', 'household'].flatMap(name => [
    latest(`latest row of 1 key, ${name} order`, name, households(1)),
    latest(`latest rows of 100 keys, ${name} order`, name, households(100), [['ms', 'duckdb', 2]]),
    latest(`latest rows of all keys, ${name} order`, name, null, [['ms', null, name === 'day' ? 1_000 : 3_000]])
  ])
];

/** A process that does one task again and again. */
class Contender {
  constructor(command, args) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async run(request) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) {
      throw new Error(`${this.child.spawnargs.join(' ')} ended`);
    }
    return JSON.parse(value);
  }

  end() {
    this.child.stdin.end();
  }
}

function must(command, ...args) {
  if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed`);
  }
}

/** The peers have an environment of their own, made anew when their versions change. */
function prepare() {
  const installed = join(VENV, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    rmSync(VENV, { recursive: true, force: true });
    must(join(ROOT, '.venv', 'bin', 'python'), '-m', 'venv', VENV);
    must(PYTHON, '-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS);
    writeFileSync(installed, wanted);
  }
  must(process.execPath, join(ROOT, 'src', 'bundle.mjs'), '--bench');
}

async function timed({ what, task, args, own = {}, rows, peers }, folder, rounds) {
  const contenders = new Map([
    ['twinstore', new Contender(process.execPath, [join(HERE, 'reader.mjs'), BUNDLE, folder])]
  ]);
  for (const peer of peers) {
    contenders.set(peer, new Contender(PYTHON, [join(HERE, 'peer.py'), peer, folder]));
  }
  const runs = new Map([...contenders.keys()].map(name => [name, []]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [name, contender] of contenders) {
      const run = await contender.run({ task, args: name === 'twinstore' ? { ...args, ...own } : args });
      if (run.rows !== rows) {
        throw new Error(`${name} found ${run.rows} rows for ${what}, not ${rows}: the figures say nothing.`);
      }
      if (round >= 0) {
        runs.get(name).push(run);
      }
    }
  }
  contenders.forEach(contender => contender.end());
  return new Map([...runs].map(([name, all]) => [name, mediansOf(all)]));
}

function mediansOf(runs) {
  const median = figure => runs.map(run => run[figure]).sort((a, b) => a - b)[runs.length >> 1];
  return Object.fromEntries(['ms', 'bytes', 'requests', 'peak_mib'].map(figure => [figure, median(figure)]));
}

function linesOf({ what, targets }, medians) {
  const ours = medians.get('twinstore');
  const met = targets.map(([figure, of, most]) => {
    const bound = of === null ? most : most * medians.get(of)[figure];
    const text =
      of === null
        ? { ms: `${most} ms`, bytes: `${most / 1e6} MB`, peak_mib: `${most} MiB` }[figure]
        : `${most} × ${of}`;
    return `≤ ${text}${ours[figure] <= bound ? '' : ' (missed)'}`;
  });
  return [...medians].map(([name, { ms, bytes, requests, peak_mib: peak }]) => {
    const ratio = name === 'twinstore' ? '' : (ours.ms / ms).toFixed(2);
    const cells = [what, name, ms.toFixed(0), ratio, (bytes / 1e6).toFixed(1), requests, peak.toFixed(0)];
    return `| ${cells.join(' | ')} | ${name === 'twinstore' ? met.join(', ') : ''} |`;
  });
}

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, days: { type: 'string' }, only: { type: 'string' } }
});
const rounds = Number(values.rounds ?? 5);
const days = Number(values.days ?? DAYS);
const count = days * HOUSEHOLDS;
prepare();
const folder = mkdtempSync(join(tmpdir(), 'twinstore-bench-'));
try {
  must(PYTHON, join(HERE, 'tables.py'), folder, String(days));
  const lines = [];
  for (const task of tasks(count).filter(({ what }) => what.includes(values.only ?? ''))) {
    const medians = await timed(task, folder, rounds);
    lines.push(...linesOf(task, medians));
    console.log(lines.slice(-medians.size).join('\n'));
  }
  const machine = `${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()}`;
  console.log(`\n${new Date().toISOString().slice(0, 10)}, ${machine}, load ${loadavg()[0].toFixed(1)} at the end,`);
  console.log(`${count.toLocaleString('en-US')} rows of 24 columns, medians of ${rounds} rounds, page cache warm\n`);
  console.log('| | | ms | ours / theirs | MB read | requests | peak MiB | target |\n|---|---|--:|--:|--:|--:|--:|---|');
  console.log(lines.join('\n'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
