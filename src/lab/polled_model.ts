import { VDomModel } from '@jupyterlab/ui-components';
import type { IPoll } from '@lumino/polling';
import { Poll } from '@lumino/polling';
import type { TwinstoreError } from '../contract';
import type { ConnectionPhase, IAppearance, IHealthModel, IPolled, IRequestOptions } from '../tokens';
import { asError } from './as_error';

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
    this._health = options.health ?? null;
    this._health?.phaseChanged.connect(this._onPhase, this);
    const standby = options.standby ?? 'when-hidden';
    this._poll = new Poll({
      auto: options.polls ?? true,
      name: `jupyterlab-twinstore:${options.name}`,
      factory: () => this._read(),
      frequency: frequencyOf(options),
      // Of a poll that waits for ever, a reading that is put off is lost.
      standby:
        options.polls === false ? 'never' : () => !this._isSeen || (typeof standby === 'function' ? standby() : standby)
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
  refresh(): Promise<void> {
    this._isUsers = true;
    return this.reread();
  }

  /** Whether anybody can see it, as is taken for granted. What comes due meanwhile is read when it is seen again. */
  setSeen(isSeen: boolean): void {
    this._isSeen = isSeen;
    if (isSeen) {
      void this._poll.start();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    this._reading.abort();
    this._appearance.changed.disconnect(this._onAppearance, this);
    this._health?.phaseChanged.disconnect(this._onPhase, this);
    super.dispose();
  }

  /** Called with each new answer, before the change is announced. */
  protected accept(data: T): void {
    this._data = data;
  }

  /** Drop what was read: it is of stores that are looked at no more. */
  protected forget(): void {
    this._reading.abort();
    this._data = this._error = this._readUs = null;
    this.stateChanged.emit();
  }

  /** Called when the health is another one. */
  protected onPhase(phase: ConnectionPhase): void {
    if (phase === 'ready') {
      void this.reread();
    }
  }

  /** Read now though nobody asked for it. */
  protected async reread(): Promise<void> {
    if (this.isDisposed) {
      return;
    }
    if (this._isReading) {
      // The poll would drop this one. What is being read may be older than the wish, so it is read again.
      this._isWanted = true;
      this._reading.abort();
    } else {
      await this._poll.refresh();
    }
    await this._poll.tick.catch(() => undefined);
  }

  /** Read, and read again for as long as that is asked for meanwhile. */
  private async _read(): Promise<void> {
    this._isReading = true;
    let error: TwinstoreError | null;
    do {
      this._isWanted = false;
      error = await this._readOnce();
    } while (this._isWanted && !this.isDisposed);
    this._isReading = false;
    if (error !== null) {
      // The poll backs off when its factory rejects.
      throw error;
    }
  }

  private async _readOnce(): Promise<TwinstoreError | null> {
    const { signal } = (this._reading = new AbortController());
    const poll = !this._isUsers;
    this._isUsers = false;
    let error: TwinstoreError | null = null;
    try {
      const data = await Promise.race([this._fetch({ signal, poll }), whenAborted(signal)]);
      if (signal.aborted) {
        return null;
      }
      this._readUs = this._now() * 1000;
      this.accept(data as T);
    } catch (reason) {
      if (signal.aborted) {
        return null;
      }
      error = asError(reason);
    }
    this._error = error;
    this.stateChanged.emit();
    return error;
  }

  private _onPhase(_: unknown, phase: ConnectionPhase): void {
    this.onPhase(phase);
  }

  private _onAppearance(): void {
    this._poll.frequency = frequencyOf({ appearance: this._appearance });
  }

  private readonly _fetch: (options: IRequestOptions) => Promise<T>;
  private readonly _now: () => number;
  private readonly _appearance: IAppearance;
  private readonly _health: IHealthModel | null;
  private readonly _poll: Poll;
  private _data: T | null = null;
  private _error: TwinstoreError | null = null;
  private _readUs: number | null = null;
  private _isSeen = true;
  private _isReading = false;
  private _isWanted = false;
  /** Whether the user asked for the next reading. */
  private _isUsers = false;
  private _reading = new AbortController();
}

export namespace PolledModel {
  export interface IOptions<T> {
    /** Of the poll, for debugging. */
    name: string;
    fetch: (options: IRequestOptions) => Promise<T>;
    appearance: IAppearance;
    /** It reads at once when this gets ready: settings have come, or the companion is back. */
    health?: IHealthModel;
    /** Whether it reads by itself, again and again; default true. Else it reads when it is refreshed. */
    polls?: boolean;
    /** When to pause; default while the page is hidden. */
    standby?: Poll.Standby | (() => boolean | Poll.Standby);
    /** Milliseconds since the epoch. */
    now?: () => number;
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve()));
}

function frequencyOf(options: { appearance: IAppearance; polls?: boolean }): IPoll.Frequency {
  if (options.polls === false) {
    return { interval: Poll.NEVER, backoff: false, max: Poll.NEVER };
  }
  const interval = options.appearance.refreshSeconds * 1000;
  return { interval, backoff: true, max: Math.max(interval, MAX_INTERVAL_MS) };
}
