import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { TwinstoreError } from '../contract';
import type { IErrorBody, IJobProgress, IJobResult } from '../contract';
import type { Environment } from '../stack';
import { EXIT, JobFailed } from './command';
import type { IContext } from './command';
import { ProgressLine } from './progress';
import { jobResult } from './results';
import { python } from './stack_host';

/** What a job says, line by line. */
type JobEvent =
  | { type: 'started' }
  | ({ type: 'progress' } & IJobProgress)
  | { type: 'log'; text: string }
  | { type: 'result'; result: IJobResult }
  | { type: 'failed'; error: IErrorBody }
  | { type: 'stopped' };

/** Who listens to a job. */
export interface IJobListener {
  progress(progress: IJobProgress): void;
  log(text: string): void;
}

/** How a job ended. */
export interface IJobEnd {
  code: number;
  /** Null when it was stopped. */
  result: IJobResult | null;
}

/** After this the job is ended, whatever it does, in ms: Spark's jobs are cancelled and a lease is given back before. */
const STOP_MS = 40_000;
const STDERR_KEPT = 8_000;

/**
 * Run `python -m twinstore …` and listen to its events. It ends with this process, also after kill -9.
 *
 * Throws `JobFailed` with what the job failed with; a bad verdict is no failure, its exit code is 1.
 */
export async function sparkJob(
  args: readonly string[],
  context: IContext,
  env: Environment,
  listener: IJobListener
): Promise<IJobEnd> {
  const child = spawnJob(args, context, env, 'pipe');
  let result: IJobResult | null = null;
  let failure: IErrorBody | null = null;
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => (stderr = (stderr + data.toString()).slice(-STDERR_KEPT)));
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', line => {
      const event = toEvent(line);
      switch (event.type) {
        case 'progress':
          return listener.progress(event);
        case 'log':
          return listener.log(event.text);
        case 'result':
          result = event.result;
          return;
        case 'failed':
          failure = event.error;
      }
    });
  }
  const code = await ended(child, context);
  if (failure) {
    throw new JobFailed(TwinstoreError.fromBody(failure), code);
  }
  if (!result && code !== EXIT.stopped) {
    throw new TwinstoreError(
      'internal',
      `\`python -m twinstore ${args[0] ?? ''}\` ended without a result (exit ${code}).`,
      'See the details.',
      { details: stderr }
    );
  }
  return { code, result };
}

/** A verb of the command that is a job: draws its progress, then says its result in words, or passes its events on. */
export async function runJobVerb(args: readonly string[], json: boolean, context: IContext): Promise<number> {
  if (json) {
    const child = spawnJob(args, context, context.env, 'inherit');
    return ended(child, context);
  }
  const line = new ProgressLine(context.stderr);
  const { code, result } = await sparkJob(args, context, context.env, {
    progress: line.show,
    log: text => line.say(text.trimEnd())
  }).finally(line.end);
  if (!result) {
    context.stderr.write('Stopped.\n');
  } else {
    context.stdout.write(jobResult(result));
  }
  return code;
}

function spawnJob(
  args: readonly string[],
  context: IContext,
  env: Environment,
  output: 'pipe' | 'inherit'
): ChildProcess {
  // Its own process group: Ctrl-C reaches it once, through `ended`, and not its JVM.
  return spawn(python(context), ['-m', 'twinstore', ...args, '--json', '--until-stdin-closes'], {
    cwd: context.cwd,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['pipe', output, output]
  });
}

/** A line that is no event was printed by whatever the job loaded. */
function toEvent(line: string): JobEvent {
  try {
    return JSON.parse(line);
  } catch {
    return { type: 'log', text: line };
  }
}

/** The exit code of a job, which is told to stop when the context is. */
function ended(child: ChildProcess, { signal }: IContext): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGINT');
    timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_MS);
  };
  if (signal.aborted) {
    stop();
  }
  signal.addEventListener('abort', stop);
  return new Promise<number>((resolve, reject) => {
    child.once('error', cause =>
      reject(
        new TwinstoreError(
          'unavailable',
          `Python could not be started: ${cause.message}.`,
          'Set TWINSTORE_PYTHON to the interpreter that has twinstore[spark,run] installed.',
          { cause }
        )
      )
    );
    // As a shell tells it: for want of memory, the system kills without a word.
    const ofSignal = (name: NodeJS.Signals) => (signal.aborted ? EXIT.stopped : 128 + constants.signals[name]);
    child.once('close', (code, killer) => resolve(code ?? ofSignal(killer as NodeJS.Signals)));
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}
