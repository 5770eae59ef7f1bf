import { TwinstoreError } from '../../../contract';

/** The error of a Parquet file that is not what it says. */
export function damagedFile(name: string, details: string): TwinstoreError {
  return new TwinstoreError('store_failed', `${name} is not a sound Parquet file.`, 'Restore it from a copy.', {
    details
  });
}
