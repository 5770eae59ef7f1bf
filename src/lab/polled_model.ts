import { VDomModel } from '@jupyterlab/ui-components';
import type { IPoll } from '@lumino/polling';
import { Poll } from '@lumino/polling';
import { TwinstoreError } from '../contract';
import type { IAppearance, IPolled, IRequestOptions } from '../tokens';

/** Longest wait after repeated failures, in ms. */
const MAX_INTERVAL_MS = 60_000;

/**
 * Data that is read again and again while someone can see it.
 *
 * #### Notes
 * A reading that fails leaves the data of the one before in place, beside the error.
 */
export class PolledModel<T> extends VDomModel implements IPolled<T> {
  constructor(options: PolledModel.IOptions<T>) {
    super();
    this._fetch = options.fetch;
    this._now = options.now ?? Date.now;
    this._appearance = options.appearance;
    this._poll = new Poll({
      auto: options.polls ?? true,
      name: `jupyterlab-twinstore:${options.name}`,
      factory: () => this._read(),
      frequency: frequencyOf(options),
      standby: options.standby ?? 'when-hidden'
    });
    if (options.polls !== false) {
      this._appearance.changed.connect(this._onAppearance, this);
    }
  }

  get data(): T | null {
    return this._data;
  }

  get error(): TwinstoreError | null {
    return this._error;
  }

  get readUs(): number | null {
    return this._readUs;
  }

  /** Read now. Resolves when the reading has ended, well or not. */
  async refresh(): Promise<void> {
    if (this.isDisposed) {
      return;
    }
    this._asked = true;
    await this._poll.refresh();
    await this._poll.tick.catch(() => undefined);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    this._reading.abort();
    this._appearance.changed.disconnect(this._onAppearance, this);
    super.dispose();
  }

  /** Called with each new answer, before the change is announced. */
  protected accept(data: T): void {
    this._data = data;
  }

  private async _read(): Promise<void> {
    this._reading.abort();
    const reading = (this._reading = new AbortController());
    const poll = !this._asked;
    this._asked = false;
    try {
      const data = await this._fetch({ signal: reading.signal, poll });
      if (reading.signal.aborted) {
        return;
      }
      this._error = null;
      this._readUs = this._now() * 1000;
      this.accept(data);
    } catch (reason) {
      if (reading.signal.aborted) {
        return;
      }
      this._error =
        reason instanceof TwinstoreError
          ? reason
          : new TwinstoreError('internal', String(reason), 'Reload the page.', { cause: reason });
      this.stateChanged.emit();
      // The poll backs off when its factory rejects.
      throw this._error;
    }
    this.stateChanged.emit();
  }

  private _onAppearance(): void {
    this._poll.frequency = frequencyOf({ appearance: this._appearance });
  }

  private readonly _fetch: (options: IRequestOptions) => Promise<T>;
  private readonly _now: () => number;
  private readonly _appearance: IAppearance;
  private readonly _poll: Poll;
  private _data: T | null = null;
  private _error: TwinstoreError | null = null;
  private _readUs: number | null = null;
  private _asked = false;
  private _reading = new AbortController();
}

export namespace PolledModel {
  export interface IOptions<T> {
    /** Of the poll, for debugging. */
    name: string;
    fetch: (options: IRequestOptions) => Promise<T>;
    appearance: IAppearance;
    /** Whether it reads by itself, again and again; default true. Else it reads when it is refreshed. */
    polls?: boolean;
    /** When to pause; default while the page is hidden. */
    standby?: Poll.Standby | (() => boolean | Poll.Standby);
    /** Milliseconds since the epoch. */
    now?: () => number;
  }
}

function frequencyOf(options: { appearance: IAppearance; polls?: boolean }): IPoll.Frequency {
  if (options.polls === false) {
    return { interval: Poll.NEVER, backoff: false, max: Poll.NEVER };
  }
  const interval = options.appearance.refreshSeconds * 1000;
  return { interval, backoff: true, max: Math.max(interval, MAX_INTERVAL_MS) };
}
