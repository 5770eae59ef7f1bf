import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IErrorBody, TwinstoreError } from '../../contract';
import type {
  ConnectionPhase,
  IAppearance,
  IConnection,
  IHealthModel,
  IRequestOptions,
  ITwinstoreClient
} from '../../tokens';
import { asError, refusalOf } from '../as_error';
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
      return phaseOf(this.error);
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
    switch (this._trouble?.code) {
      case undefined:
        return status.companion === 'failed' ? 'failed' : 'starting';
      case 'forbidden':
        return 'forbidden';
      case 'bad_request':
        // The question has nothing in it that could be wrong: it is the settings that the companion cannot use.
        return 'misconfigured';
      default:
        return 'failed';
    }
  }

  get phaseChanged(): ISignal<this, ConnectionPhase> {
    return this._phaseChanged;
  }

  /** What keeps the companion from answering, when something does: what was heard last. */
  get trouble(): Pick<IErrorBody, 'message' | 'remedy' | 'side' | 'details'> | null {
    return this.error ?? this._trouble ?? this.data?.status.error ?? null;
  }

  /** Whether the companion is just being told to start again. */
  get isRestarting(): boolean {
    return this._isRestarting;
  }

  /** Why it could not be told to; null when it could. */
  get refusal(): TwinstoreError | null {
    return this._refusal;
  }

  /** Start the companion again after it has failed. */
  async restart(): Promise<void> {
    if (this._isRestarting) {
      return;
    }
    this._isRestarting = true;
    this._refusal = null;
    this.stateChanged.emit();
    this._refusal = await refusalOf(() => this._client.restart());
    if (this._refusal === null) {
      this._trouble = null;
    }
    this._isRestarting = false;
    this.stateChanged.emit();
    await this.refresh();
  }

  private async _connect(request: IRequestOptions): Promise<IConnection> {
    const status = await this._client.status(request);
    if (status.companion !== 'ready' && status.companion !== 'degraded') {
      this._hear(null, request);
    }
    if (status.config === null || status.companion === 'failed') {
      return { status, health: null };
    }
    if (!request.signal?.aborted && (this.data === null || this.data.health === null)) {
      // The answer to health waits until the companion has started: say so meanwhile.
      this.accept({ status, health: null });
      this.stateChanged.emit();
    }
    try {
      const health = await this._client.health(request);
      this._hear(null, request);
      return { status, health };
    } catch (reason) {
      this._hear(asError(reason), request);
      return { status: await this._client.status(request), health: null };
    }
  }

  /** A question that was given up tells nothing. */
  private _hear(trouble: TwinstoreError | null, { signal }: IRequestOptions): void {
    if (!signal?.aborted) {
      this._trouble = trouble;
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
  private _isRestarting = false;
  private _refusal: TwinstoreError | null = null;
}

export namespace HealthModel {
  export interface IOptions {
    client: ITwinstoreClient;
    appearance: IAppearance;
    now?: () => number;
  }
}

function phaseOf({ code }: TwinstoreError): ConnectionPhase {
  return code === 'not_found' ? 'missing' : code === 'forbidden' ? 'forbidden' : 'lost';
}
