import type { Value } from '../../arrow';
import { compareValues } from '../../arrow';
import type { ArrowRows, ISort, ISorted } from './arrow_rows';
import { columnsOf, hasOrder } from './columns';

/** Rows that are handled between two looks at the clock. */
const SLICE = 2048;
/** Longest time without a pause, in ms. */
const PAUSE_AFTER_MS = 12;

/** Show rows in an order, or as they came when it is null or none that they can have; unless that is given up. */
export async function sortRows(rows: ArrowRows, by: ISort | null, signal: AbortSignal): Promise<void> {
  const about = by === null ? undefined : columnsOf(rows.schema.fields)[by.column];
  let sorted: ISorted | null = null;
  if (by !== null && about !== undefined && hasOrder(about)) {
    const places = await sortedOrder(rows, by.column, by.descending, signal);
    sorted = places && { by, places };
  }
  if (!signal.aborted) {
    rows.sorted = sorted;
  }
}

/**
 * The rows in the order of a column: nulls last, equal ones as they came. Null when it was given up.
 *
 * #### Notes
 * A merge sort from below that pauses again and again, so that the page stays alive while many rows are sorted.
 */
export async function sortedOrder(
  rows: ArrowRows,
  column: number,
  descending: boolean,
  signal: AbortSignal
): Promise<Uint32Array | null> {
  const { length } = rows;
  const read = rows.reader(column);
  const pause = pauses();
  const values: Value[] = new Array<Value>(length);
  for (let i = 0; i < length; i++) {
    values[i] = read(i);
    if (i % SLICE === 0) {
      await pause();
    }
  }
  const comesBefore = (a: number, b: number): boolean => compare(values[a], values[b], descending) <= 0;
  let from = Uint32Array.from({ length }, (_, i) => i);
  let to = new Uint32Array(length);
  for (let width = 1; width < length; width *= 2) {
    let handled = 0;
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      for (let i = start, left = start, right = middle; i < end; i++) {
        const takesLeft = left < middle && (right >= end || comesBefore(from[left] ?? 0, from[right] ?? 0));
        to[i] = (takesLeft ? from[left++] : from[right++]) ?? 0;
        if (++handled % SLICE === 0) {
          await pause();
          if (signal.aborted) {
            return null;
          }
        }
      }
    }
    [from, to] = [to, from];
  }
  return signal.aborted ? null : from;
}

function compare(a: Value | undefined, b: Value | undefined, descending: boolean): number {
  if (a === null || a === undefined || b === null || b === undefined) {
    return Number(b !== null && b !== undefined) - Number(a !== null && a !== undefined);
  }
  return descending ? compareValues(b, a) : compareValues(a, b);
}

/** A pause that only happens when it is due. */
function pauses(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since > PAUSE_AFTER_MS) {
      await new Promise(resolve => setTimeout(resolve, 0));
      since = performance.now();
    }
  };
}
