import { tableFromIPC } from 'apache-arrow';
import type { Table } from 'apache-arrow';
import { Worker } from 'node:worker_threads';

import { TwinstoreError } from '../../../contract';
import { Limiter } from '../store';
import type { IDecodeReply, IDecodeRequest } from './protocol';

/** Turns whole Parquet files into Arrow tables. */
export interface IParquetDecoder {
  /**
   * @param name What errors call the file.
   *
   * Throws `store_failed` when the file is damaged, `deadline` when decoding takes too long.
   */
  decode(file: Uint8Array, name: string, signal: AbortSignal): Promise<Table>;
}

export interface IWorkerDecoderOptions {
  /** Path of the bundled worker. */
  script: string;
  /** How long one file may take. */
  deadlineMs: number;
  /** Memory of the WebAssembly instance, which never shrinks, above which a new worker is made. */
  maxMemory: number;
}

/**
 * Decodes in a worker thread, one file at a time, so that a damaged file neither blocks the process nor leaves a
 * broken WebAssembly instance behind: after a trap, a missed deadline or an abort the worker is thrown away.
 */
export class WorkerDecoder implements IParquetDecoder {
  constructor(private readonly options: IWorkerDecoderOptions) {}

  async decode(file: Uint8Array, name: string, signal: AbortSignal): Promise<Table> {
    checkFraming(file, name);
    const ipc = await this.turn.run(() => this.ask(file, name, signal), signal);
    return tableFromIPC(ipc);
  }

  async dispose(): Promise<void> {
    await this.discard(this.worker);
  }

  private ask(file: Uint8Array, name: string, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const worker = (this.worker ??= new Worker(this.options.script));
    return new Promise<Uint8Array>((resolve, reject) => {
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
      const onMessage = (reply: IDecodeReply) => {
        if ('ipc' in reply) {
          settle(() => resolve(reply.ipc), reply.memory <= this.options.maxMemory);
        } else {
          settle(() => reject(damaged(name, reply.error)), !reply.trapped);
        }
      };
      const onError = (error: Error) => settle(() => reject(damaged(name, String(error))), false);
      const onExit = (code: number) =>
        settle(() => reject(damaged(name, `the decoder ended with code ${code}`)), false);
      const onAbort = () => settle(() => reject(signal.reason), false);
      const { deadlineMs } = this.options;
      const timer = setTimeout(() => settle(() => reject(tooSlow(name, deadlineMs)), false), deadlineMs);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
      // A copy, for the caller keeps its bytes; its buffer moves to the worker.
      const copy = file.slice();
      worker.postMessage({ file: copy } satisfies IDecodeRequest, [copy.buffer]);
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

/** The cheap signs of a file that was cut off, is encrypted or is no Parquet. */
export function checkFraming(file: Uint8Array, name: string): void {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const end = bytes.toString('latin1', Math.max(0, bytes.length - 4));
  if (end === 'PARE') {
    throw new TwinstoreError('unsupported', `${name} is encrypted Parquet.`, 'Encrypted files are not read.');
  }
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'PAR1' || end !== 'PAR1') {
    throw damaged(name, 'it does not begin and end with PAR1');
  }
  const footer = bytes.readUInt32LE(bytes.length - 8);
  if (footer > bytes.length - 12) {
    throw damaged(name, `its footer claims ${footer} bytes`);
  }
}

function damaged(name: string, details: string): TwinstoreError {
  return new TwinstoreError('store_failed', `${name} is not a sound Parquet file.`, 'Restore it from a copy.', {
    details
  });
}

function tooSlow(name: string, deadlineMs: number): TwinstoreError {
  return new TwinstoreError(
    'deadline',
    `${name} could not be decoded in ${deadlineMs / 1000} s.`,
    'Check that the file is not damaged.'
  );
}
