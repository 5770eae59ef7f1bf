import { VDomModel } from '@jupyterlab/ui-components';
import type { IJob, TwinstoreError } from '../../contract';
import type { IJobsModel } from '../../tokens';
import { Attempt } from '../attempt';
import type { NotebooksModel } from './notebooks';

/** What the Runs section shows: the notebook to run next, and the runs. A job runs the file, so it is saved first. */
export class RunsModel extends VDomModel {
  constructor(
    readonly jobs: IJobsModel,
    readonly notebooks: NotebooksModel,
    private readonly _save: (notebook: string) => Promise<void>
  ) {
    super();
    jobs.finished.connect(this._onFinished, this);
    jobs.stateChanged.connect(this._announce, this);
    notebooks.stateChanged.connect(this._announce, this);
  }

  /** Why the last run could not be begun or stopped; null when it could. */
  get refusal(): TwinstoreError | null {
    return this._attempt.refusal;
  }

  /** The job that ended last while this was watched; null before. */
  get ended(): IJob | null {
    return this._ended;
  }

  run(notebook: string): Promise<void> {
    return this._attempt.of(async () => {
      await this._save(notebook);
      await this.jobs.start({ verb: 'run', args: { notebook } });
    });
  }

  stop(job: IJob): Promise<void> {
    return this._attempt.of(() => this.jobs.stop(job.id));
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.jobs.finished.disconnect(this._onFinished, this);
    this.jobs.stateChanged.disconnect(this._announce, this);
    this.notebooks.stateChanged.disconnect(this._announce, this);
    super.dispose();
  }

  private _onFinished(_: unknown, job: IJob): void {
    this._ended = job;
    this._announce();
  }

  private _announce(): void {
    this.stateChanged.emit();
  }

  private readonly _attempt = new Attempt(() => this._announce());
  private _ended: IJob | null = null;
}
