import { TwinstoreError } from '../contract';

/** Whatever was thrown, as the one kind of error that is shown. */
export function asError(reason: unknown): TwinstoreError {
  return reason instanceof TwinstoreError
    ? reason
    : new TwinstoreError('internal', String(reason), 'Reload the page.', { cause: reason });
}

/** Why something that was asked for was not done; null when it was. */
export async function refusalOf(asked: () => Promise<unknown>): Promise<TwinstoreError | null> {
  try {
    await asked();
    return null;
  } catch (reason) {
    return asError(reason);
  }
}
