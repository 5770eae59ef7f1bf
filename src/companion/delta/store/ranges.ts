import type { IObjectStore } from './object_store';
import { sideBySide } from './side_by_side';

const KIB = 1024;
/** A gap between two ranges that costs less to read than another request. */
const GAP = 64 * KIB;
/** Longer ranges are read in parts of this size, side by side. */
const PART = 8 * KIB * KIB;

/** Bytes [start, end) of a file. */
export interface IRange {
  start: number;
  end: number;
}

/** A whole file of known size. A file of another size is refused: the log would be wrong about it. */
export async function readWhole(
  store: IObjectStore,
  location: string,
  size: number,
  signal: AbortSignal
): Promise<Uint8Array> {
  return readSpan(store, location, 0, size, signal);
}

/** Ranges [start, end) of one file, with as few requests as is sensible: near ones come in one. */
export async function readRanges(
  store: IObjectStore,
  location: string,
  ranges: readonly IRange[],
  signal: AbortSignal
): Promise<Uint8Array[]> {
  const spans = spansOf(ranges);
  const read = ({ start, end }: IRange, either: AbortSignal) => readSpan(store, location, start, end, either);
  const bytes = await sideBySide(spans, signal, read);
  return ranges.map(({ start, end }) => {
    const i = spans.findIndex(span => span.start <= start && end <= span.end);
    const from = start - (spans[i]?.start ?? 0);
    return (bytes[i] ?? NOTHING).subarray(from, from + end - start);
  });
}

const NOTHING = new Uint8Array(0);

/** What is read for some ranges: near ones in one, with the gap between them. */
export function spansOf(ranges: readonly IRange[]): IRange[] {
  const spans: IRange[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = spans.at(-1);
    if (last !== undefined && start - last.end <= GAP) {
      last.end = Math.max(last.end, end);
    } else {
      spans.push({ start, end });
    }
  }
  return spans;
}

async function readSpan(
  store: IObjectStore,
  location: string,
  start: number,
  end: number,
  signal: AbortSignal
): Promise<Uint8Array> {
  const part = (from: number, either: AbortSignal) => {
    const to = Math.min(from + PART, end);
    return store.read(location, { range: { start: from, end: to }, limit: to - from, signal: either });
  };
  if (end - start <= PART) {
    return part(start, signal);
  }
  const span = new Uint8Array(end - start);
  const starts = Array.from({ length: Math.ceil(span.length / PART) }, (_, i) => start + i * PART);
  await sideBySide(starts, signal, async (from, either) => span.set(await part(from, either), from - start));
  return span;
}
