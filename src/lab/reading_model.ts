import { VDomModel } from '@jupyterlab/ui-components';
import type { IReadProgress } from '../contract';
import type { TwinstoreError } from '../contract';
import type { IReadOptions } from '../tokens';
import { asError } from './as_error';

/** Where a reading stands. */
export type ReadingPhase = 'idle' | 'reading' | 'done' | 'failed' | 'stopped';

/** A reading of data that shows how far it is and can be stopped. */
export abstract class ReadingModel extends VDomModel {
  get phase(): ReadingPhase {
    return this._phase;
  }

  /** How far the reading is; null before the first word of it. */
  get progress(): IReadProgress | null {
    return this._progress;
  }

  /** Why the last reading failed; null when it did not. */
  get error(): TwinstoreError | null {
    return this._error;
  }

  stop(): void {
    this._controller.abort();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._controller.abort();
    super.dispose();
  }

  /** Read; whatever was being read before is given up. */
  protected async begin(
    read: (options: Required<Pick<IReadOptions, 'signal' | 'onProgress'>>) => Promise<void>
  ): Promise<void> {
    this._controller.abort();
    const controller = (this._controller = new AbortController());
    this._set('reading', null);
    const onProgress = (progress: IReadProgress): void => {
      if (controller === this._controller) {
        this._progress = progress;
        this.stateChanged.emit();
      }
    };
    let ended: [ReadingPhase, TwinstoreError | null] = ['done', null];
    try {
      await read({ signal: controller.signal, onProgress });
    } catch (reason) {
      ended = controller.signal.aborted ? ['stopped', null] : ['failed', asError(reason)];
    }
    // A reading that another has taken the place of has no say any more.
    if (controller === this._controller && !this.isDisposed) {
      this._set(...ended);
    }
  }

  private _set(phase: ReadingPhase, error: TwinstoreError | null): void {
    this._phase = phase;
    this._error = error;
    this._progress = null;
    this.stateChanged.emit();
  }

  private _phase: ReadingPhase = 'idle';
  private _progress: IReadProgress | null = null;
  private _error: TwinstoreError | null = null;
  private _controller = new AbortController();
}
