import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TwinstoreError } from '../contract';
import { GuardedProgram, HOST, freePort } from '../stack';
import type { Environment } from '../stack';
import type { IContext } from './command';
import { python } from './stack_host';

/** What JupyterLab is to be opened on. */
export interface ILabOptions {
  folder: string;
  /** Has the stack's settings in TWINSTORE_CONFIG. */
  env: Environment;
  /** Absent: Jupyter's usual port, or another one when that is taken. */
  port?: number;
  logs: string;
}

const USUAL_PORT = 8888;
const START_MS = 60_000;
/** More than the server takes for its jobs (25 s, `Grace` of server/jobs.py), its companion and its kernels. */
export const STOP_MS = 45_000;

/** Open JupyterLab; `onReady` hears its address. Resolves when it has ended, which Ctrl-C makes it do. */
export async function openLab(options: ILabOptions, context: IContext, onReady: (url: string) => void): Promise<void> {
  const port = options.port ?? (await freePort(USUAL_PORT));
  const token = randomBytes(24).toString('hex');
  const lab = await GuardedProgram.start({
    command: python(context),
    args: [
      ...['-m', 'jupyterlab', `--ServerApp.ip=${HOST}`, `--port=${port}`, '--ServerApp.port_retries=0'],
      `--ServerApp.root_dir=${options.folder}`,
      // Jupyter refuses to run as root, as in a container, unless told.
      ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
      ...(context.stderr.isTTY ? [] : ['--no-browser'])
    ],
    cwd: options.folder,
    // By the environment: a token among the arguments would show in the list of processes.
    env: { ...options.env, JUPYTER_TOKEN: token },
    log: join(options.logs, 'jupyterlab.log')
  });
  const ended = lab.exited.then(({ code, lastLines }) => {
    if (!context.signal.aborted) {
      throw new TwinstoreError('unavailable', `JupyterLab ended (exit ${String(code)}).`, `See ${lab.log}.`, {
        details: lastLines.join('\n')
      });
    }
  });
  const stopped = context.signal.aborted ? Promise.resolve() : once(context.signal, 'abort');
  const waiting = new AbortController();
  try {
    await Promise.race([answers(port, token, waiting.signal), ended, stopped]).finally(() => waiting.abort());
    if (!context.signal.aborted) {
      onReady(`http://${HOST}:${port}/lab/tree/energy_features.ipynb?token=${token}`);
    }
    await Promise.race([ended, stopped]);
  } finally {
    await lab.stop(STOP_MS);
  }
}

async function answers(port: number, token: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const status = await fetch(`http://${HOST}:${port}/api/status?no_track_activity=1`, {
      headers: { Authorization: `token ${token}` }
    }).then(
      response => response.status,
      () => 0 // Not yet.
    );
    if (status === 200 || signal.aborted) {
      return;
    }
    await sleep(200);
  }
  throw new TwinstoreError(
    'unavailable',
    `JupyterLab did not answer on port ${port} within ${START_MS / 1000} s.`,
    'See logs/jupyterlab.log in the folder of the stack.'
  );
}
