import { DataType } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { validityOf } from '../../../arrow';

/** 1582-10-15, from which on the days of both calendars have the same numbers. */
const SAME_DAYS = -141_427;
/** 1900-01-01 UTC, from which on Spark takes no timestamp for another, whatever the zone. */
const SAME_SECONDS = -2_208_988_800n;

/** Whether a column, or one inside of it, has a value that the calendar of Spark 2 makes another one. */
export function hasLegacyValue(data: Data, of: { dates: boolean; timestamps: boolean }): boolean {
  const { type, children } = data;
  if (DataType.isDate(type)) {
    return of.dates && hasLess(data, SAME_DAYS);
  }
  if (DataType.isTimestamp(type)) {
    // Without a zone there are none of old.
    return of.timestamps && Boolean(type.timezone) && hasLess(data, SAME_SECONDS * 1000n ** BigInt(type.unit));
  }
  return children.some(child => hasLegacyValue(child, of));
}

function hasLess(data: Data, bound: number | bigint): boolean {
  const values = data.values as ArrayLike<number | bigint>;
  const isThere = validityOf(data);
  for (let i = 0; i < data.length; i++) {
    if ((values[i] as number | bigint) < bound && isThere(i)) {
      return true;
    }
  }
  return false;
}
