import { VDomModel } from '@jupyterlab/ui-components';
import type { IJob, IStatus, TwinstoreError } from '../../contract';
import type { IHealthModel, IJobsModel, ITwinstoreClient } from '../../tokens';
import { Attempt } from '../attempt';
import type { IConnectAnswers } from './settings_text';
import { settingsText } from './settings_text';

/** How somebody without settings gets some: by the demo stack, or by naming stores of their own. */
export class FirstUseModel extends VDomModel {
  constructor(
    private readonly _client: Pick<ITwinstoreClient, 'writeSettings'>,
    private readonly _health: IHealthModel,
    private readonly _jobs: IJobsModel
  ) {
    super();
    _health.stateChanged.connect(this._announce, this);
    _jobs.stateChanged.connect(this._announce, this);
    _jobs.finished.connect(this._onFinished, this);
  }

  /** What the server says of itself; null until it answers. */
  get status(): IStatus | null {
    return this._health.data?.status ?? null;
  }

  /** The newest start of the demo stack; null while there was none. */
  get demo(): IJob | null {
    return this._jobs.jobs.find(({ verb }) => verb === 'demo') ?? null;
  }

  /** Whether the form for stores of one's own is shown. */
  get isConnecting(): boolean {
    return this._isConnecting;
  }

  set isConnecting(value: boolean) {
    this._isConnecting = value;
    this._attempt.forget();
    this._announce();
  }

  /** Show the form, unless the demo stack is just being started. */
  openForm(): void {
    if (!this._isConnecting && this.demo?.state !== 'running') {
      this.isConnecting = true;
    }
  }

  /** Why the last thing that was asked for was not done; null when it was. */
  get refusal(): TwinstoreError | null {
    return this._attempt.refusal;
  }

  startDemo(): Promise<void> {
    return this._attempt.of(() => this._jobs.start({ verb: 'demo', args: {} }));
  }

  stopDemo(id: string): Promise<void> {
    return this._attempt.of(() => this._jobs.stop(id));
  }

  /** Keep the answers as settings, and connect by them. */
  connect(answers: IConnectAnswers): Promise<void> {
    return this._attempt.of(async () => {
      await this._client.writeSettings(settingsText(answers));
      this._isConnecting = false;
      await this.lookAgain();
    });
  }

  /** See whether there are settings now. */
  lookAgain(): Promise<void> {
    return this._health.refresh();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._health.stateChanged.disconnect(this._announce, this);
    this._jobs.stateChanged.disconnect(this._announce, this);
    this._jobs.finished.disconnect(this._onFinished, this);
    super.dispose();
  }

  private _onFinished(_: unknown, { verb }: IJob): void {
    if (verb === 'demo') {
      void this.lookAgain();
    }
  }

  private _announce(): void {
    this.stateChanged.emit();
  }

  private readonly _attempt = new Attempt(() => this._announce());
  private _isConnecting = false;
}
