import type { IJob, IJobEvent } from '../../contract';

/** A job as it is after one more of its events. */
export function fold(job: IJob, event: IJobEvent): IJob {
  if (event.seq <= job.last_seq) {
    return job;
  }
  const next = { ...job, last_seq: event.seq };
  switch (event.type) {
    case 'progress': {
      const { stage, done, total, unit } = event;
      return { ...next, progress: { stage, done, total, unit } };
    }
    case 'result':
      return { ...next, state: 'succeeded', ended_us: event.at_us, result: event.result };
    case 'failed':
      return { ...next, state: 'failed', ended_us: event.at_us, error: event.error };
    case 'stopped':
      return { ...next, state: 'stopped', ended_us: event.at_us };
    case 'started':
    case 'log':
      return next;
  }
}
