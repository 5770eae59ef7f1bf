import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IErrorBody } from '../../contract';
import { TwinstoreError } from '../../contract';
import type {
  ConnectionPhase,
  IAppearance,
  IConnection,
  IHealthModel,
  IRequestOptions,
  ITwinstoreClient
} from '../../tokens';
import { PolledModel } from '../polled_model';

/** Whether server extension, companion and stores answer. */
export class HealthModel extends PolledModel<IConnection> implements IHealthModel {
  constructor(options: HealthModel.IOptions) {
    super({
      name: 'HealthModel',
      fetch: request => this._connect(request),
      appearance: options.appearance,
      now: options.now
    });
    this._client = options.client;
    this.stateChanged.connect(this._onState, this);
  }

  get phase(): ConnectionPhase {
    if (this.error !== null) {
      return this.error.code === 'not_found' ? 'missing' : 'lost';
    }
    if (this.data === null) {
      return 'loading';
    }
    const { status, health } = this.data;
    if (health !== null) {
      return 'ready';
    }
    if (status.config === null) {
      return 'unconfigured';
    }
    return status.companion === 'failed' || this._trouble !== null ? 'failed' : 'starting';
  }

  get phaseChanged(): ISignal<this, ConnectionPhase> {
    return this._phaseChanged;
  }

  /** What keeps the companion from answering, when something does. */
  get trouble(): Pick<IErrorBody, 'message' | 'remedy' | 'side' | 'details'> | null {
    return this.data?.status.error ?? this._trouble ?? this.error;
  }

  /** Start the companion again after it has failed. */
  async restart(): Promise<void> {
    this._trouble = null;
    try {
      await this._client.restart();
    } catch (reason) {
      this._trouble = asError(reason);
    }
    await this.refresh();
  }

  private async _connect(request: IRequestOptions): Promise<IConnection> {
    const status = await this._client.status(request);
    if (status.companion !== 'ready' && status.companion !== 'degraded') {
      this._trouble = null;
    }
    if (status.config === null || status.companion === 'failed') {
      return { status, health: null };
    }
    if (this.data === null || this.data.health === null) {
      // The answer to health waits until the companion has started: say so meanwhile.
      this.accept({ status, health: null });
      this.stateChanged.emit();
    }
    try {
      const health = await this._client.health(request);
      this._trouble = null;
      return { status, health };
    } catch (reason) {
      this._trouble = asError(reason);
      return { status: await this._client.status(request), health: null };
    }
  }

  private _onState(): void {
    const { phase } = this;
    if (phase !== this._phase) {
      this._phase = phase;
      this._phaseChanged.emit(phase);
    }
  }

  private readonly _client: ITwinstoreClient;
  private readonly _phaseChanged = new Signal<this, ConnectionPhase>(this);
  private _phase: ConnectionPhase = 'loading';
  private _trouble: TwinstoreError | null = null;
}

export namespace HealthModel {
  export interface IOptions {
    client: ITwinstoreClient;
    appearance: IAppearance;
    now?: () => number;
  }
}

function asError(reason: unknown): TwinstoreError {
  return reason instanceof TwinstoreError
    ? reason
    : new TwinstoreError('internal', String(reason), 'Reload the page.', { cause: reason });
}
