import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { IJobResult } from '../contract';
import { INPUT_SIZES, SMALL_HEAP_MIB, down, requireFree, up } from '../stack';
import type { Environment, IStackStatus } from '../stack';
import { WrongUse, portNumber } from './command';
import type { ICommand, IContext } from './command';
import { householdsOf, inputInWords, makeInput } from './input';
import { openLab } from './lab';
import { energyNotebook } from './notebooks';
import { ProgressLine } from './progress';
import { jobResult } from './results';
import { sparkJob } from './spark_job';
import { stackHost } from './stack_host';
import { duration } from './words';

const HELP = `Usage: twinstore start [--rows small|medium|full] [--no-lab] [--port N] [--name NAME] [--json]

Everything at once: start the local stack, make the energy input, run the dual-write notebook, say its receipt and
whether the two stores agree, and open JupyterLab on it all. Ctrl-C stops all that it started; the data stay for the next start.

  --rows SIZE   small (200 households, the default), medium (800), full (5,560), or a number of households
  --no-lab      end after the verdict
  --port N      JupyterLab's port (default 8888, or a free one)
  --name NAME   which stack (default demo)
  --json        the result as JSON on stdout

Exit code: 0 in parity, 1 not or failed, 2 wrong use.
`;

/** Heap of Cassandra for more than the small input. */
const LARGE_HEAP_MIB = 1024;

/** Seconds of each step; downloads are their own. */
type Timings = Record<'download' | 'stack' | 'input' | 'notebook', number>;

export const startCommand: ICommand = {
  summary: 'the stack, the energy notebook, and JupyterLab on both',
  help: HELP,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      options: {
        rows: { type: 'string', default: 'small' },
        'no-lab': { type: 'boolean', default: false },
        port: { type: 'string' },
        name: { type: 'string', default: 'demo' },
        json: { type: 'boolean', default: false }
      },
      allowPositionals: true
    });
    if (positionals.length > 0) {
      throw new WrongUse('`twinstore start` takes options only.');
    }
    const port = portNumber('--port', values.port);
    if (port !== undefined && !values['no-lab']) {
      await requireFree('JupyterLab', '--port', port);
    }
    const heapMib = householdsOf(values.rows) > INPUT_SIZES.small ? LARGE_HEAP_MIB : SMALL_HEAP_MIB;
    const notebook = await energyNotebook(context);
    const run = new Start(values.name, context);
    try {
      await run.stack(heapMib);
      await run.input(values.rows);
      const code = await run.notebook(notebook);
      run.conclude(values.json);
      if (!values['no-lab'] && !context.signal.aborted) {
        await run.lab(dirname(notebook), port);
      }
      return code;
    } finally {
      await run.end();
    }
  }
};

/** One `start`, step by step. */
class Start {
  constructor(
    private readonly name: string,
    private readonly context: IContext
  ) {
    this.line = new ProgressLine(context.stderr);
  }

  private readonly line: ProgressLine;
  private readonly timings: Timings = { download: 0, stack: 0, input: 0, notebook: 0 };
  private status: IStackStatus | null = null;
  private owned = false;
  private result: IJobResult | null = null;

  async stack(heapMib: number): Promise<void> {
    const { name, context, line, timings } = this;
    const started = performance.now();
    const { status, found, downloadS } = await up(
      name,
      { heapMib, owned: true },
      stackHost(context, line.show)
    ).finally(line.end);
    this.status = status;
    this.owned = !found;
    timings.download = downloadS;
    timings.stack = since(started) - downloadS;
    this.say(`The stack ${name} ${found ? 'runs already' : 'is up'} (${duration(timings.stack)}).`);
  }

  async input(rows: string): Promise<void> {
    const started = performance.now();
    const input = await makeInput(this.name, { rows }, this.context);
    this.timings.input = since(started);
    this.say(`${inputInWords(input)} (${duration(this.timings.input)})`);
  }

  /** Answers the exit code that the verdict gives. */
  async notebook(notebook: string): Promise<number> {
    const { context, line, timings } = this;
    const started = performance.now();
    this.say(`Running ${notebook} …`);
    const { code, result } = await sparkJob(['run', notebook], context, this.env(), {
      progress: line.show,
      log: () => undefined // What cells print is in the executed notebook.
    }).finally(line.end);
    timings.notebook = since(started);
    this.result = result;
    context.signal.throwIfAborted();
    return code;
  }

  conclude(json: boolean): void {
    const { timings, result, status, context } = this;
    if (json) {
      context.stdout.write(
        `${JSON.stringify({ settings: status?.settings, timings_s: timings, ...result }, null, 2)}\n`
      );
    } else {
      context.stdout.write(jobResult(result ?? {}));
    }
    const { download, stack, input, notebook } = timings;
    this.say(
      `To the verdict: ${duration(stack + input + notebook)} (stack ${duration(stack)}, input ${duration(input)}, ` +
        `notebook ${duration(notebook)})${download > 0 ? `; jars downloaded in ${duration(download)}` : ''}.`
    );
  }

  async lab(folder: string, port: number | undefined): Promise<void> {
    const logs = join(this.status?.folder ?? folder, 'logs');
    this.say('Opening JupyterLab …');
    await openLab({ folder, env: this.env(), port, logs }, this.context, url =>
      this.say(
        `JupyterLab: ${url}\n` +
          `For the command in another shell: export TWINSTORE_CONFIG=${this.status?.settings ?? ''}\n` +
          `Ctrl-C stops ${this.owned ? 'everything' : 'JupyterLab; the stack stays up'}.`
      )
    );
  }

  /** Stop the stack, if it was started here. */
  async end(): Promise<void> {
    this.line.end();
    if (this.owned) {
      await down(this.name, this.context.env);
      this.say(
        `The stack ${this.name} is down; its data stay in ${this.status?.folder ?? ''}.\n` +
          `To go on with them: twinstore stack up --name ${this.name}; export TWINSTORE_CONFIG=${this.status?.settings ?? ''}`
      );
    } else if (this.status) {
      this.say(`The stack ${this.name} ran before and stays up.`);
    }
  }

  private env(): Environment {
    return { ...this.context.env, TWINSTORE_CONFIG: this.status?.settings };
  }

  private say(text: string): void {
    this.line.say(text);
  }
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
}
