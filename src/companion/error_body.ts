import { isNativeError } from 'node:util/types';

import { TwinstoreError } from '../contract';
import type { IErrorBody } from '../contract';
import type { Redactor } from './redaction';

/** The body of any error, as it may leave the process: without secrets, and an unknown error as a fault of ours. */
export function errorBody(error: unknown, requestId: string, redactor: Redactor): IErrorBody {
  const known =
    error instanceof TwinstoreError
      ? error
      : new TwinstoreError('internal', 'The companion failed.', 'Try again; if it stays, report it with the details.', {
          details: isNativeError(error) ? (error.stack ?? error.message) : String(error)
        });
  const body = known.toBody(requestId);
  return {
    ...body,
    message: redactor.clean(body.message),
    remedy: redactor.clean(body.remedy),
    details: redactor.clean(body.details)
  };
}
