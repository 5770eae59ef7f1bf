import { VDomModel } from '@jupyterlab/ui-components';
import type { IJob } from '../../contract';
import { TwinstoreError } from '../../contract';
import type { IJobsModel } from '../../tokens';
import type { NotebooksModel } from './notebooks';

/** What the Runs section shows: the notebook to run next, and the runs. */
export class RunsModel extends VDomModel {
  constructor(
    readonly jobs: IJobsModel,
    readonly notebooks: NotebooksModel
  ) {
    super();
    jobs.stateChanged.connect(this._announce, this);
    notebooks.stateChanged.connect(this._announce, this);
  }

  /** Why the last run could not be begun or stopped; null when it could. */
  get refusal(): TwinstoreError | null {
    return this._refusal;
  }

  run(notebook: string): Promise<void> {
    return this._try(() => this.jobs.start({ verb: 'run', args: { notebook } }));
  }

  stop(job: IJob): Promise<void> {
    return this._try(() => this.jobs.stop(job.id));
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.jobs.stateChanged.disconnect(this._announce, this);
    this.notebooks.stateChanged.disconnect(this._announce, this);
    super.dispose();
  }

  private async _try(action: () => Promise<unknown>): Promise<void> {
    this._refusal = null;
    try {
      await action();
    } catch (reason) {
      this._refusal =
        reason instanceof TwinstoreError ? reason : new TwinstoreError('internal', String(reason), 'Reload the page.');
    }
    this._announce();
  }

  private _announce(): void {
    this.stateChanged.emit();
  }

  private _refusal: TwinstoreError | null = null;
}
