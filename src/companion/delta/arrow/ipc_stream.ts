import { Table, tableToIPC } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';

/** Bytes that end an Arrow IPC stream. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** An Arrow IPC stream in pieces, each made only when the one before was taken. */
export async function* ipcStream(
  schema: Schema,
  batches: AsyncIterable<RecordBatch>
): AsyncGenerator<Uint8Array, void, undefined> {
  const head = opening(schema);
  yield head;
  for await (const batch of batches) {
    // A stream of one batch begins with the same bytes and ends as all do.
    yield tableToIPC(new Table([batch]), 'stream').subarray(head.length, -END.length);
  }
  yield END;
}

function opening(schema: Schema): Uint8Array {
  return tableToIPC(new Table(schema), 'stream').subarray(0, -END.length);
}
