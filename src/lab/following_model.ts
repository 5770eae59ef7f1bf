import type { ISignal } from '@lumino/signaling';
import { PolledModel } from './polled_model';

/** Something that is read by its own rule, such as a group or a table. */
export interface ISource<S> {
  /** As last read; null until the first answer. */
  readonly data: S | null;
  readonly stateChanged: ISignal<unknown, void>;
}

/**
 * Data that is read when something else has changed, not by the clock.
 *
 * #### Notes
 * The source is polled. What follows from it may be many small files, so it is read again only when the mark that the
 * source gives for it is another one; and, when the last reading failed, with each new reading of the source.
 */
export class FollowingModel<T, S> extends PolledModel<T> {
  constructor(options: FollowingModel.IOptions<T, S>) {
    super({ ...options, polls: false });
    this._source = options.source;
    this._mark = options.mark;
    if (!options.waits) {
      this.start();
    }
  }

  /** Begin to follow. */
  start(): void {
    this._source.stateChanged.connect(this._onSource, this);
    this._onSource();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._source.stateChanged.disconnect(this._onSource, this);
    super.dispose();
  }

  private _onSource(): void {
    const { data } = this._source;
    if (data === null) {
      return;
    }
    const mark = this._mark(data);
    if (mark !== this._seen || (this.error !== null && data !== this._answer)) {
      this._seen = mark;
      this._answer = data;
      void this.reread();
    }
  }

  private readonly _source: ISource<S>;
  private readonly _mark: (data: S) => string;
  /** The mark that was read for last. */
  private _seen: string | null = null;
  /** The source as it was then. */
  private _answer: S | null = null;
}

export namespace FollowingModel {
  export interface IOptions<T, S> extends Omit<PolledModel.IOptions<T>, 'polls'> {
    source: ISource<S>;
    /** What changes in the source when the data has changed. */
    mark: (data: S) => string;
    /** Whether nothing is read before `start`; default false. */
    waits?: boolean;
  }
}
