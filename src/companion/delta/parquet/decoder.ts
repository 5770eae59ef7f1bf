import { Worker } from 'node:worker_threads';

import { TwinstoreError } from '../../../contract';
import { Limiter } from '../store';
import { damagedFile } from './damaged_file';
import type { DecodeReply, DecodeRequest, IDecodeAnswers } from './protocol';

/** Heap of the worker, of which the longest footers that are read need two thirds. */
const MAX_HEAP_MIB = 512;

/** Parses and decodes parts of Parquet files. */
export interface IParquetDecoder {
  /**
   * @param name What errors call the file.
   * @param moved Buffers of the request that may be moved instead of copied, after which they are empty here.
   *
   * Throws `store_failed` when the file is damaged, `deadline` when it takes too long.
   */
  ask<R extends DecodeRequest>(
    request: R,
    name: string,
    signal: AbortSignal,
    moved?: readonly ArrayBuffer[]
  ): Promise<IDecodeAnswers[R['ask']]>;
}

export interface IWorkerDecoderOptions {
  /** Path of the bundled worker. */
  script: string;
  /** How long one request may take. */
  deadlineMs: number;
  /** Memory of the WebAssembly instance, which never shrinks, above which a new worker is made. */
  maxMemory: number;
}

/**
 * Works in a worker thread, one request at a time, so that a damaged file neither blocks the process nor leaves a
 * broken WebAssembly instance behind: after a trap, a missed deadline or an abort the worker is thrown away.
 */
export class WorkerDecoder implements IParquetDecoder {
  constructor(private readonly options: IWorkerDecoderOptions) {}

  ask<R extends DecodeRequest>(
    request: R,
    name: string,
    signal: AbortSignal,
    moved: readonly ArrayBuffer[] = []
  ): Promise<IDecodeAnswers[R['ask']]> {
    return this.turn.run(() => this.post(request, name, signal, moved), signal);
  }

  async dispose(): Promise<void> {
    await this.discard(this.worker);
  }

  private post<R extends DecodeRequest>(
    request: R,
    name: string,
    signal: AbortSignal,
    moved: readonly ArrayBuffer[]
  ): Promise<IDecodeAnswers[R['ask']]> {
    signal.throwIfAborted();
    const worker = (this.worker ??= new Worker(this.options.script, {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB }
    }));
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void, keep: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        // Only ours: who ends the worker listens, too.
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
        if (keep) {
          outcome();
        } else {
          void this.discard(worker).then(outcome);
        }
      };
      const onMessage = (reply: DecodeReply) => {
        if ('answer' in reply) {
          const answer = reply.answer as IDecodeAnswers[R['ask']];
          settle(() => resolve(answer), reply.memory <= this.options.maxMemory);
        } else {
          settle(() => reject(damagedFile(name, reply.error)), !reply.trapped);
        }
      };
      const onError = (error: Error) => settle(() => reject(damagedFile(name, String(error))), false);
      const onExit = (code: number) =>
        settle(() => reject(damagedFile(name, `the decoder ended with code ${code}`)), false);
      const onAbort = () => settle(() => reject(signal.reason), false);
      const { deadlineMs } = this.options;
      const timer = setTimeout(() => settle(() => reject(tooSlow(name, deadlineMs)), false), deadlineMs);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
      worker.postMessage(request, moved);
    });
  }

  private async discard(worker: Worker | null): Promise<void> {
    if (this.worker === worker) {
      this.worker = null;
    }
    await worker?.terminate();
  }

  private worker: Worker | null = null;
  private readonly turn = new Limiter(1);
}

function tooSlow(name: string, deadlineMs: number): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `${name} could not be decoded in ${deadlineMs / 1000} s.`,
    'Check that the file is not damaged.'
  );
}
