import { RecordBatchReader } from 'apache-arrow';
import { ArrowRows } from './arrow_rows';

/**
 * Read an Arrow IPC stream piece by piece.
 *
 * @param onRows Called once, before the first row is there; rows are added to it from then on.
 * @param onto Rows of the same columns to which these are added; new ones by default.
 * @returns What the pieces return once they are through.
 */
export async function readRows<T>(
  pieces: AsyncGenerator<Uint8Array, T>,
  onRows: (rows: ArrowRows) => void,
  onto?: ArrowRows
): Promise<T> {
  let last: IteratorResult<Uint8Array, T> | null = null;
  const next = async (): Promise<IteratorResult<Uint8Array, T>> => (last = await pieces.next());
  try {
    const reader = await RecordBatchReader.from({ [Symbol.asyncIterator]: () => ({ next }) });
    await reader.open();
    const rows = onto ?? new ArrowRows(reader.schema);
    onRows(rows);
    for await (const batch of reader) {
      rows.append(batch);
    }
    // It may have stopped at the end of the Arrow stream, and may have looked beyond.
    let result = last ?? (await next());
    while (!result.done) {
      result = await next();
    }
    return result.value;
  } finally {
    await pieces.return(undefined as T);
  }
}

/** Rows that are all there already, as one Arrow IPC stream. */
export function rowsOf(bytes: Uint8Array): ArrowRows {
  const reader = RecordBatchReader.from(bytes);
  reader.open();
  const rows = new ArrowRows(reader.schema);
  for (const batch of reader) {
    rows.append(batch);
  }
  return rows;
}
