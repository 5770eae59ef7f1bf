import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import type { IJob } from '../../contract';
import { grouped } from '../words';

export interface IJobProgressProps {
  job: IJob;
  trans: TranslationBundle;
  onStop: (id: string) => void;
}

/** Units of which the stage and the bar say enough. */
const SELF_EVIDENT = new Set(['', '%', 'cells', 'steps', 'parts']);

/** What a running job is doing, how far it is, and a way to stop it. */
export function JobProgress({ job, trans, onStop }: IJobProgressProps): ReactElement {
  const { progress } = job;
  const share = progress?.total ? Math.min(1, progress.done / progress.total) : null;
  const percent = share === null ? null : Math.floor(share * 100);
  const stage = progress?.stage ?? trans.__('starting');
  const counted =
    progress && progress.done > 0 && !SELF_EVIDENT.has(progress.unit)
      ? trans.__('%1 %2', grouped(progress.done), progress.unit)
      : '';
  return (
    <div className="twinstore-Progress">
      <span className="twinstore-Progress-stage">
        {stage}
        {counted !== '' && ` · ${counted}`}
      </span>
      <progress
        className="twinstore-Progress-bar"
        aria-label={trans.__('Progress of %1', job.title)}
        aria-valuetext={percent === null ? stage : trans.__('%1, %2 %', stage, percent)}
        max={1}
        {...(share === null ? {} : { value: share })}
      />
      <span className="twinstore-Progress-percent">{percent === null ? '' : trans.__('%1 %', percent)}</span>
      <Button
        className="jp-mod-styled jp-mod-reject"
        aria-label={trans.__('Stop %1', job.title)}
        onClick={() => onStop(job.id)}
      >
        {trans.__('Stop')}
      </Button>
    </div>
  );
}
