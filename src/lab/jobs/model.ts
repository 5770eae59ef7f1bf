import { VDomModel } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { TwinstoreError } from '../../contract';
import type { IJob, IJobRequest } from '../../contract';
import type { IAppearance, IHealthModel, IJobsModel, ITwinstoreClient } from '../../tokens';
import { PolledModel } from '../polled_model';
import { fold } from './fold';

/**
 * Long work on the server, watched. It outlives the page: whoever opens the page again finds it.
 *
 * #### Notes
 * The events of one job are read as they happen, while the page is visible; the others keep up by the poll. For a stream
 * holds one of the six connections that a browser opens to a server, in all of its tabs together.
 */
export class JobsModel extends VDomModel implements IJobsModel {
  constructor(options: JobsModel.IOptions) {
    super();
    this._client = options.client;
    this._health = options.health;
    this._now = options.now ?? Date.now;
    this._list = new PolledModel<IJob[]>({
      name: 'JobsModel',
      fetch: request => options.client.jobs(request),
      appearance: options.appearance,
      standby: () => (reachable(options.health) ? 'when-hidden' : true),
      now: options.now
    });
    this._list.stateChanged.connect(this._onList, this);
    this._health.phaseChanged.connect(this._onPhase, this);
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  get jobs(): readonly IJob[] {
    return this._jobs;
  }

  get error(): TwinstoreError | null {
    return this._list.error;
  }

  get finished(): ISignal<this, IJob> {
    return this._finished;
  }

  isBusy(subject: string): boolean {
    return (
      this._starting.has(subject) ||
      this._jobs.some(({ state, args }) => state === 'running' && subjectOf(args) === subject)
    );
  }

  async start(request: IJobRequest): Promise<void> {
    const subject = subjectOf(request.args);
    if (this.isBusy(subject)) {
      return;
    }
    this._starting.add(subject);
    this.stateChanged.emit();
    try {
      const id = await this._client.startJob(request);
      // Its end is told also when it has ended before it is first looked at.
      this._watched.add(id);
      const job = await this._client.job(id);
      this._merge([job, ...this._jobs.filter(other => other.id !== id)]);
    } finally {
      this._starting.delete(subject);
      this.stateChanged.emit();
    }
  }

  async stop(id: string): Promise<void> {
    await this._client.stopJob(id);
  }

  refresh(): Promise<void> {
    return this._list.refresh();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._health.phaseChanged.disconnect(this._onPhase, this);
    document.removeEventListener('visibilitychange', this._onVisibility);
    this._list.dispose();
    this._leave();
    super.dispose();
  }

  private _onPhase(): void {
    if (reachable(this._health)) {
      void this.refresh();
    }
  }

  private _onList(): void {
    if (this._list.error === null && this._list.data !== null) {
      this._merge(this._list.data);
    } else {
      this.stateChanged.emit();
    }
  }

  /** Take over a list of jobs, keeping of each what is newer. */
  private _merge(list: readonly IJob[]): void {
    const before = new Map(this._jobs.map(job => [job.id, job]));
    const jobs = list.map(job => {
      const known = before.get(job.id);
      return known && known.last_seq > job.last_seq ? known : job;
    });
    const listed = new Set(list.map(({ id }) => id));
    const newest = Math.max(0, ...list.map(job => job.started_us));
    const others = this._jobs
      .filter(job => !listed.has(job.id))
      // The server lists every job that runs. Only one that was started after the list was made may not be in it.
      .map(job => (job.state === 'running' && job.started_us <= newest ? this._lose(job, '') : job))
      .filter(job => job.state === 'running' || this._lost.has(job.id));
    this._jobs = [...others, ...jobs].sort((a, b) => b.started_us - a.started_us);
    this.stateChanged.emit();
    for (const job of this._jobs) {
      if (job.state === 'running') {
        this._watched.add(job.id);
      } else if (this._watched.delete(job.id)) {
        this._finished.emit(job);
      }
    }
    this._follow();
  }

  /** A job as it ends when the server that owned it is gone. Kept in sight, for no list will have it any more. */
  private _lose(job: IJob, details: string): IJob {
    this._lost.add(job.id);
    const error = new TwinstoreError(
      'unavailable',
      `Jupyter Server was restarted while ${job.title} was running, and jobs do not outlive it.`,
      'Start it again; a write takes up where it was left.',
      { details }
    );
    return { ...job, state: 'failed', ended_us: this._now() * 1000, error: error.toBody('') };
  }

  private readonly _onVisibility = (): void => {
    if (document.hidden) {
      this._leave();
    } else {
      this._follow();
    }
  };

  private _leave(): void {
    this._stream?.abort();
    this._stream = null;
  }

  private _follow(): void {
    const job = this._jobs.find(({ state }) => state === 'running');
    if (job && this._stream === null && !document.hidden) {
      void this._read(job);
    }
  }

  private async _read({ id, last_seq: seq }: IJob): Promise<void> {
    const stream = (this._stream = new AbortController());
    let lost: TwinstoreError | null = null;
    try {
      for await (const event of this._client.events(id, seq + 1, stream.signal)) {
        const job = this._jobs.find(other => other.id === id);
        if (job) {
          this._merge(this._jobs.map(other => (other === job ? fold(job, event) : other)));
        }
      }
    } catch (reason) {
      if (reason instanceof TwinstoreError && reason.code === 'not_found') {
        lost = reason;
      }
      // Else the list, which is polled, tells what has become of the job, and leads to another stream while it runs.
    } finally {
      if (this._stream === stream) {
        this._stream = null;
      }
    }
    if (lost !== null && !this.isDisposed) {
      const { message } = lost;
      this._merge(this._jobs.map(job => (job.id === id && job.state === 'running' ? this._lose(job, message) : job)));
    }
  }

  private readonly _client: ITwinstoreClient;
  private readonly _health: IHealthModel;
  private readonly _now: () => number;
  private readonly _list: PolledModel<IJob[]>;
  private readonly _finished = new Signal<this, IJob>(this);
  /** What groups and notebooks a job is just being started about. */
  private readonly _starting = new Set<string>();
  /** Jobs whose end has still to be told. */
  private readonly _watched = new Set<string>();
  /** Jobs that went away with the server that owned them. */
  private readonly _lost = new Set<string>();
  private _jobs: readonly IJob[] = [];
  /** Ends the stream of events that is being read; null while none is. */
  private _stream: AbortController | null = null;
}

export namespace JobsModel {
  export interface IOptions {
    client: ITwinstoreClient;
    appearance: IAppearance;
    health: IHealthModel;
    now?: () => number;
  }
}

/** What a job is about: the name of a group, the path of a notebook, which ends in `.ipynb`, or the demo stack (''). */
function subjectOf(args: IJobRequest['args']): string {
  return 'group' in args ? args.group : 'notebook' in args ? args.notebook : '';
}

/** Whether the server extension, which owns the jobs, answers; it needs no companion for them. */
function reachable(health: IHealthModel): boolean {
  return !['loading', 'missing', 'forbidden', 'lost'].includes(health.phase);
}
