/** Who can do something about an error. */
export type ErrorSide = 'request' | 'twinstore' | 'store';

/** What an error is, in one word; the HTTP status follows from it. */
export type ErrorCode =
  | 'bad_request'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'unsupported'
  | 'store_failed'
  | 'unavailable'
  | 'deadline'
  | 'aborted'
  | 'internal';

/** The JSON body of every refused or failed request. */
export interface IErrorBody {
  code: ErrorCode;
  /** One sentence: what happened, with the address it happened at. */
  message: string;
  /** One sentence: what to do about it. */
  remedy: string;
  side: ErrorSide;
  /** What an expert would ask for; folded by default. Never holds a secret. */
  details: string;
  requestId: string;
}

/** HTTP status of each code. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unsupported: 400,
  store_failed: 502,
  unavailable: 503,
  deadline: 504,
  aborted: 499,
  internal: 500
};

/** An error that has crossed, or may cross, a border. */
export class TwinstoreError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly remedy: string,
    options: { side?: ErrorSide; details?: string; cause?: unknown } = {}
  ) {
    super(message, { cause: options.cause });
    this.name = 'TwinstoreError';
    this.side = options.side ?? defaultSide(code);
    this.details = options.details ?? '';
  }

  readonly side: ErrorSide;
  readonly details: string;

  /** The error that a body came from; its details name the request. */
  static fromBody({ code, message, remedy, side, details, requestId }: IErrorBody): TwinstoreError {
    const lines = [details, requestId ? `Request ${requestId}` : ''].filter(Boolean);
    return new TwinstoreError(code, message, remedy, { side, details: lines.join('\n') });
  }

  toBody(requestId: string): IErrorBody {
    const { code, message, remedy, side, details } = this;
    return { code, message, remedy, side, details, requestId };
  }
}

/** Whether a parsed JSON value is an error body. */
export function isErrorBody(value: unknown): value is IErrorBody {
  const body = value as Partial<IErrorBody> | null;
  return (
    typeof body === 'object' &&
    body !== null &&
    typeof body.code === 'string' &&
    body.code in HTTP_STATUS &&
    typeof body.message === 'string' &&
    typeof body.remedy === 'string'
  );
}

function defaultSide(code: ErrorCode): ErrorSide {
  switch (code) {
    case 'store_failed':
    case 'deadline':
      return 'store';
    case 'internal':
    case 'unavailable':
      return 'twinstore';
    default:
      return 'request';
  }
}
