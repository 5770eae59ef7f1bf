import type { TwinstoreError } from '../contract';
import { refusalOf } from './as_error';

/** What was asked for last, in place of an exception: its refusal is shown until something else is asked for. */
export class Attempt {
  /** @param onEnd Called when an action was done or refused. */
  constructor(private readonly onEnd: () => void) {}

  /** Why it was not done; null when it was. */
  get refusal(): TwinstoreError | null {
    return this._refusal;
  }

  async of(action: () => Promise<unknown>): Promise<void> {
    this.forget();
    this._refusal = await refusalOf(action);
    this.onEnd();
  }

  forget(): void {
    this._refusal = null;
  }

  private _refusal: TwinstoreError | null = null;
}
