import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from '../../contract';
import { signOf } from '../signs';
import { announcement } from './section';

/** A run's end is an event: it is told once, as good or bad as what it found, and stays in the sidebar. */
export function notify(job: IJob, trans: TranslationBundle): void {
  const message = announcement(job, trans);
  switch (signOf(job)) {
    case 'succeeded':
      Notification.success(message, { autoClose: 5000 });
      break;
    case 'unknown':
      Notification.info(message, { autoClose: 5000 });
      break;
    case 'differs':
    case 'behind':
      Notification.warning(message, { autoClose: 10000 });
      break;
    case 'failed':
      Notification.error(message, { autoClose: 10000 });
      break;
    default:
    // Whoever stopped a run knows.
  }
}
