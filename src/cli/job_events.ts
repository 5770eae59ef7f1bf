import type { IJobProgress, IJobResult } from '../contract';
import { EXIT, asKnown } from './command';
import type { IContext } from './command';

/**
 * Do `work` as a job of Jupyter Server: say everything as events, one JSON object a line on stdout, and stop when
 * standard input closes, so that the work does not outlive the server that asked for it. Resolves to the exit code.
 */
export async function asJob(
  context: IContext,
  work: (context: IContext, progress: (progress: IJobProgress) => void) => Promise<IJobResult>
): Promise<number> {
  const { stdin, stdout } = context;
  const say = (event: object): void => void stdout.write(`${JSON.stringify(event)}\n`);
  stdout.on('error', () => undefined); // Who listened is gone, and standard input says so.
  const closed = new AbortController();
  stdin.on('close', () => closed.abort()).resume();
  const signal = AbortSignal.any([context.signal, closed.signal]);
  say({ type: 'started' });
  try {
    const result = await work({ ...context, signal }, progress => say({ type: 'progress', ...progress }));
    say({ type: 'result', result });
    return EXIT.good;
  } catch (error) {
    if (signal.aborted) {
      say({ type: 'stopped' });
      return EXIT.stopped;
    }
    say({ type: 'failed', error: asKnown(error).toBody('') });
    return EXIT.failed;
  }
}
