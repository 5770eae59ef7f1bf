import { Worker } from 'node:worker_threads';

import { TwinstoreError } from '../../../contract';
import { Pool } from '../store';
import { damagedFile } from './damaged_file';
import type { DecodeReply, DecodeRequest, IDecodeAnswers } from './protocol';

/** Workers, so that values are taken side by side. */
export const WORKERS = 2;
/** Heap of a worker, of which the longest footers that are read need two thirds. */
const MAX_HEAP_MIB = 512;

/** Parses and decodes parts of Parquet files. */
export interface IParquetDecoder {
  /**
   * @param name What errors call the file.
   * @param moved Buffers of the request that may be moved instead of copied, after which they are empty here.
   *
   * Throws `store_failed` when the file is damaged, `deadline` when it takes too long, `unavailable` once disposed.
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

/** A place for a worker, which is there from its first request on, until one fails. */
interface IPlace {
  /** Whether whole columns are decoded here, for which the worker has an instance of WebAssembly. */
  hasWasm: boolean;
  worker: Worker | null;
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
    const isFit = ({ hasWasm }: IPlace) => hasWasm || request.ask !== 'column';
    return this.pool.use(isFit, place => this.post(place, request, name, signal, moved), signal);
  }

  /** Ends the workers, and with them what is read: that and all that is asked for later throws `unavailable`. */
  async dispose(): Promise<void> {
    this.disposed = true;
    await Promise.all(this.places.map(discard));
  }

  private post<R extends DecodeRequest>(
    place: IPlace,
    request: R,
    name: string,
    signal: AbortSignal,
    moved: readonly ArrayBuffer[]
  ): Promise<IDecodeAnswers[R['ask']]> {
    if (this.disposed) {
      return Promise.reject(ended(name));
    }
    const worker = (place.worker ??= this.start());
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void, keep: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        // Only ours: who ends the worker listens, too.
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
        if (keep) {
          outcome();
        } else {
          void discard(place).then(outcome);
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
      const onExit = (code: number) => {
        const error = this.disposed ? ended(name) : damagedFile(name, `the decoder ended with code ${code}`);
        settle(() => reject(error), false);
      };
      const onAbort = () => settle(() => reject(signal.reason), false);
      const { deadlineMs } = this.options;
      const timer = setTimeout(() => settle(() => reject(tooSlow(name, deadlineMs)), false), deadlineMs);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
      worker.postMessage(request, moved);
    });
  }

  private start(): Worker {
    return new Worker(this.options.script, { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } });
  }

  /** Only one has an instance of WebAssembly, which takes 50 MB and more: the last, which is the first to be used. */
  private readonly places = Array.from({ length: WORKERS }, (_, i): IPlace => ({
    hasWasm: i === WORKERS - 1,
    worker: null
  }));
  private readonly pool = new Pool(this.places);
  private disposed = false;
}

async function discard(place: IPlace): Promise<void> {
  const { worker } = place;
  place.worker = null;
  await worker?.terminate();
}

function ended(name: string): TwinstoreError {
  return new TwinstoreError(
    'unavailable',
    `${name} is not read any more: the settings have changed, or the companion ends.`,
    'Read it again.'
  );
}

function tooSlow(name: string, deadlineMs: number): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `${name} could not be decoded in ${deadlineMs / 1000} s.`,
    'Check that the file is not damaged.'
  );
}
