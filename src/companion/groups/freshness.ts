import type { FeatureGroupDefinition } from '../../contract';
import { physicalName } from '../delta';
import type { Snapshot } from '../delta';

/**
 * Newest event time of a snapshot by its files' statistics, in µs since the epoch; null when a file has none.
 *
 * Statistics are cut to ms, so this may be up to 1 ms early; receipts are exact.
 */
export function newestEventUs(snapshot: Snapshot, { event_timestamp }: FeatureGroupDefinition): number | null {
  const field = snapshot.schema.find(({ name }) => name === event_timestamp);
  if (field === undefined) {
    return null;
  }
  const column = physicalName(field);
  let newest: number | null = null;
  for (const { stats } of snapshot.files) {
    const ms = maximumMs(stats, column);
    if (ms === null) {
      return null;
    }
    newest = Math.max(newest ?? -Infinity, ms * 1000);
  }
  return newest;
}

/** Dates and timestamps are text in statistics: `2014-02-28`, `2014-02-28T00:00:00.000Z`. */
function maximumMs(stats: string | null, column: string): number | null {
  try {
    const { maxValues } = JSON.parse(stats ?? '{}') as { maxValues?: Record<string, unknown> };
    const ms = Date.parse(String(maxValues?.[column]));
    return Number.isNaN(ms) ? null : ms;
  } catch {
    return null;
  }
}
