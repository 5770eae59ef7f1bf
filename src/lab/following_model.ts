import type { IGroupAnswer, IGroupSummary } from '../contract';
import type { IGroupContext } from '../tokens';
import { PolledModel } from './polled_model';

/**
 * Data of a group that is read when the group has changed, not by the clock.
 *
 * #### Notes
 * The group itself is polled. Its receipts and proofs are many small files, so they are read again only when the mark
 * that the group's summary gives for them is another one; and, when the last reading failed, with each new reading of
 * the group.
 */
export class FollowingModel<T> extends PolledModel<T> {
  constructor(options: FollowingModel.IOptions<T>) {
    super({ ...options, polls: false });
    this._group = options.group;
    this._mark = options.mark;
    this._group.stateChanged.connect(this._onGroup, this);
    this._onGroup();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._group.stateChanged.disconnect(this._onGroup, this);
    super.dispose();
  }

  private _onGroup(): void {
    const { data } = this._group;
    if (data === null) {
      return;
    }
    const mark = this._mark(data.summary);
    if (mark !== this._seen || (this.error !== null && data !== this._answer)) {
      this._seen = mark;
      this._answer = data;
      void this.reread();
    }
  }

  private readonly _group: IGroupContext;
  private readonly _mark: (summary: IGroupSummary) => string;
  /** The mark that was read for last. */
  private _seen: string | null = null;
  /** The group as it was then. */
  private _answer: IGroupAnswer | null = null;
}

export namespace FollowingModel {
  export interface IOptions<T> extends Omit<PolledModel.IOptions<T>, 'polls'> {
    group: IGroupContext;
    /** What changes in the summary when the data has changed. */
    mark: (summary: IGroupSummary) => string;
  }
}
