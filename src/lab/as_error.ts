import { TwinstoreError } from '../contract';

/** Whatever was thrown, as the one kind of error that is shown. */
export function asError(reason: unknown): TwinstoreError {
  return reason instanceof TwinstoreError
    ? reason
    : new TwinstoreError('internal', String(reason), 'Reload the page.', { cause: reason });
}
