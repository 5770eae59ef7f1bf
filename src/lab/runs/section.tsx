import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, HTMLSelect, VDomRenderer } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IJob } from '../../contract';
import { Ago, ErrorNotice, Glyph, JobProgress, RovingList } from '../components';
import type { IRovingFocus } from '../components';
import { signOf } from '../signs';
import { duration, resultSentences } from '../words';
import type { RunsModel } from './model';

/** The Runs section of the sidebar. */
export class RunsSection extends VDomRenderer<RunsModel> {
  /** @param onOpen Opens an executed notebook. */
  constructor(
    model: RunsModel,
    private readonly _onOpen: (notebook: string) => void,
    trans: TranslationBundle
  ) {
    super(model);
    this._trans = trans;
    this.addClass('twinstore-Runs');
  }

  protected render(): ReactElement {
    const trans = this._trans;
    const { model } = this;
    const { jobs, error } = model.jobs;
    return (
      <>
        <NewRun model={model} trans={trans} />
        <div role="status" aria-live="polite">
          {model.refusal && <ErrorNotice error={model.refusal} trans={trans} />}
          {error && <p className="twinstore-Stale">{error.message}</p>}
          {model.ended && <p className="twinstore-hidden">{announcement(model.ended, trans)}</p>}
        </div>
        {jobs.length === 0 ? (
          <p className="twinstore-Hint">
            {trans.__('Nothing has run yet. Runs and proofs appear here with their outcome.')}
          </p>
        ) : (
          <RovingList
            className="twinstore-List"
            label={trans.__('Runs and proofs, newest first')}
            items={jobs}
            idOf={job => job.id}
            draw={(job, focus) => (
              <Run job={job} focus={focus} trans={trans} onStop={() => void model.stop(job)} onOpen={this._onOpen} />
            )}
          />
        )}
      </>
    );
  }

  private readonly _trans: TranslationBundle;
}

function NewRun({ model, trans }: { model: RunsModel; trans: TranslationBundle }): ReactElement {
  const { paths, chosen } = model.notebooks;
  if (chosen === null) {
    return (
      <p className="twinstore-Hint">
        {trans.__('No notebook here. Open one and choose “Run with Twinstore” in its toolbar.')}
      </p>
    );
  }
  const isBusy = model.jobs.isBusy(chosen);
  return (
    <div className="twinstore-NewRun">
      {paths.length > 1 && (
        <HTMLSelect
          aria-label={trans.__('Notebook to run')}
          value={chosen}
          options={paths.map(path => ({ label: path.split('/').pop() ?? path, value: path }))}
          onChange={event => model.notebooks.choose(event.target.value)}
        />
      )}
      <Button
        className="jp-mod-styled jp-mod-accept"
        aria-disabled={isBusy}
        title={isBusy ? trans.__('%1 is running.', chosen) : chosen}
        onClick={() => void model.run(chosen)}
      >
        {trans.__('Run %1', chosen.split('/').pop() ?? chosen)}
      </Button>
    </div>
  );
}

interface IRunProps {
  job: IJob;
  focus: IRovingFocus;
  trans: TranslationBundle;
  onStop: () => void;
  onOpen: (notebook: string) => void;
}

function Run({ job, focus, trans, onStop, onOpen }: IRunProps): ReactElement {
  const { output } = job;
  return (
    <div className="twinstore-Run" data-state={job.state} role="group" aria-label={titleOf(job, trans)} {...focus}>
      <p className="twinstore-Item-line">
        <span className="twinstore-Item-name">
          <Glyph of={signOf(job)} /> {titleOf(job, trans)}
        </span>
        <span className="twinstore-Item-aside">
          <Ago us={job.ended_us ?? job.started_us} trans={trans} />
        </span>
      </p>
      {job.state === 'running' && <JobProgress job={job} trans={trans} onStop={onStop} />}
      {job.state !== 'running' && <p className="twinstore-Run-outcome">{outcome(job, trans)}</p>}
      {job.error && <ErrorNotice error={job.error} trans={trans} />}
      {output !== null && job.state !== 'running' && (
        <Button className="jp-mod-styled jp-mod-reject" title={output} onClick={() => onOpen(output)}>
          {trans.__('Open outputs')}
        </Button>
      )}
    </div>
  );
}

function titleOf(job: IJob, trans: TranslationBundle): string {
  switch (job.verb) {
    case 'demo':
      return trans.__('start of the demo stack');
    case 'run':
      return job.title;
    case 'parity':
      return trans.__('proof of %1', job.title);
    case 'retry':
      return trans.__('retry of %1', job.title);
    case 'repair':
      return trans.__('repair of %1', job.title);
    case 'materialize':
      return trans.__('materialize of %1', job.title);
  }
}

/** What is said of the end of a job where it is not in sight. */
export function announcement(job: IJob, trans: TranslationBundle): string {
  const told = trans.__('%1: %2', titleOf(job, trans), outcome(job, trans));
  return job.error ? `${told} ${job.error.message} ${job.error.remedy}` : told;
}

/** How a job ended, in words. */
export function outcome(job: IJob, trans: TranslationBundle): string {
  const took = job.ended_us === null ? '' : duration((job.ended_us - job.started_us) / 1e6, trans);
  if (job.state === 'stopped') {
    return trans.__('Stopped after %1.', took);
  }
  if (job.state === 'failed') {
    return trans.__('Failed after %1.', took);
  }
  if (job.verb === 'demo') {
    return trans.__('Started in %1. “twinstore stack down” in a terminal stops it.', took);
  }
  const sentences = resultSentences(job.result, trans);
  return sentences.length > 0 ? sentences.join(' ') : trans.__('Done in %1; nothing was written.', took);
}
