import { Worker } from 'node:worker_threads';

import { TwinstoreError } from '../../../contract';
import { Limiter } from '../store';
import { damagedFile } from './damaged_file';
import type { DecodeReply, DecodeRequest, IDecodeAnswers } from './protocol';

/** Workers at once: columns are decoded side by side. */
const WORKERS = 2;
/** Heap of a worker, of which the longest footers that are read need two thirds. */
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
  /** Memory of a worker's WebAssembly instance, which never shrinks, above which a new worker is made. */
  maxMemory: number;
}

/**
 * Works in worker threads, each with one request at a time, so that a damaged file neither blocks the process nor leaves
 * a broken WebAssembly instance behind: after a trap, a missed deadline or an abort the worker is thrown away.
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
    this.idle.length = 0;
    await Promise.all([...this.workers].map(worker => this.discard(worker)));
  }

  private post<R extends DecodeRequest>(
    request: R,
    name: string,
    signal: AbortSignal,
    moved: readonly ArrayBuffer[]
  ): Promise<IDecodeAnswers[R['ask']]> {
    signal.throwIfAborted();
    const worker = this.idle.pop() ?? this.start();
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void, keep: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        // Only ours: who ends the worker listens, too.
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
        if (keep) {
          this.idle.push(worker);
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

  private start(): Worker {
    const worker = new Worker(this.options.script, { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } });
    this.workers.add(worker);
    return worker;
  }

  private async discard(worker: Worker): Promise<void> {
    this.workers.delete(worker);
    await worker.terminate();
  }

  private readonly workers = new Set<Worker>();
  /** The one that was busy last comes first, so that another is only made, and kept warm, where two are needed. */
  private readonly idle: Worker[] = [];
  private readonly turn = new Limiter(WORKERS);
}

function tooSlow(name: string, deadlineMs: number): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `${name} could not be decoded in ${deadlineMs / 1000} s.`,
    'Check that the file is not damaged.'
  );
}
