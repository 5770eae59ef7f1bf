import type { IGroupAnswer, IJob, IJobRequest } from '../../contract';
import type { TwinstoreError } from '../../contract';
import type { IAppearance, IGroupContext, IHealthModel, IJobsModel, ITwinstoreClient } from '../../tokens';
import { Attempt } from '../attempt';
import { PolledModel } from '../polled_model';

/** One feature group, and the proof that is being made of it. */
export class GroupModel extends PolledModel<IGroupAnswer> implements IGroupContext {
  constructor(options: GroupModel.IOptions) {
    const { client, name } = options;
    super({
      name: `GroupModel#${name}`,
      fetch: request => client.group(name, request),
      appearance: options.appearance,
      health: options.health,
      now: options.now
    });
    this.name = name;
    this._jobs = options.jobs;
    this._jobs.stateChanged.connect(this._onJobs, this);
    this._jobs.finished.connect(this._onFinished, this);
  }

  readonly name: string;

  /** The job that proves, retries or repairs this group, while there is one. */
  get running(): IJob | null {
    return this._jobs.jobs.find(job => job.state === 'running' && this._concerns(job)) ?? null;
  }

  /** Whether such a job runs or is just being started, so that no other can be. */
  get isBusy(): boolean {
    return this._jobs.isBusy(this.name);
  }

  /** How the last such job ended, if it ended while this was watched. */
  get ended(): IJob | null {
    return this.running === null ? this._ended : null;
  }

  /** Why a proof could not be begun or stopped; null when it could. */
  get refusal(): TwinstoreError | null {
    return this._attempt.refusal;
  }

  /** Compare the two stores row by row. */
  prove(): Promise<void> {
    return this._start({ verb: 'parity', args: { group: this.name, how: 'auto' } });
  }

  /** Write online what an earlier write did not finish. */
  retry(): Promise<void> {
    return this._start({ verb: 'retry', args: { group: this.name } });
  }

  /** Prove, write the rows that differ online again, and prove once more. */
  repair(): Promise<void> {
    return this._start({ verb: 'repair', args: { group: this.name } });
  }

  stop(id: string): Promise<void> {
    return this._attempt.of(() => this._jobs.stop(id));
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._jobs.stateChanged.disconnect(this._onJobs, this);
    this._jobs.finished.disconnect(this._onFinished, this);
    super.dispose();
  }

  private async _start(request: IJobRequest): Promise<void> {
    this._ended = null;
    await this._attempt.of(() => this._jobs.start(request));
  }

  private _concerns(job: IJob): boolean {
    return 'group' in job.args && job.args.group === this.name;
  }

  private _onJobs(): void {
    this.stateChanged.emit();
  }

  private _onFinished(_: unknown, job: IJob): void {
    if (this._concerns(job)) {
      this._ended = job;
    }
    // A run may have written this group, whatever it was called.
    void this.refresh();
  }

  private readonly _jobs: IJobsModel;
  private readonly _attempt = new Attempt(() => this.stateChanged.emit());
  private _ended: IJob | null = null;
}

export namespace GroupModel {
  export interface IOptions {
    name: string;
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    jobs: IJobsModel;
    now?: () => number;
  }
}
