import type { IPreviewEnd, IPreviewRequest } from '../../contract';
import { CountingStore, ipcStream, parsePredicate, Preview } from '../delta';
import type { IEngine, Snapshot } from '../delta';
import type { Parts } from '../streamed';
import { withProgress } from './progress';

/** The rows of a preview as parts of an answer. */
export async function* previewParts(
  engine: IEngine,
  snapshot: Snapshot,
  request: IPreviewRequest,
  signal: AbortSignal
): Parts {
  const startMs = performance.now();
  const store = new CountingStore(engine.store);
  const { columns, where, order, limit, skip = 0, window = 'cheapest' } = request;
  const preview = new Preview({ ...engine, store }, snapshot, {
    limit,
    skip,
    window,
    ...(columns === undefined ? {} : { columns }),
    ...(where === undefined ? {} : { where: parsePredicate(where) }),
    ...(order === undefined ? {} : { order })
  });
  const pieces = ipcStream(preview.schema, preview.batches(signal));
  yield* withProgress(pieces, () => ({
    bytes: store.bytes,
    planned_bytes: preview.plannedBytes,
    rows: preview.rows
  }));
  const { what, complete, total, filesRead, filesTotal } = preview.outcome;
  return {
    version: snapshot.version,
    rows: preview.rows,
    what,
    complete,
    total,
    files_read: filesRead,
    files_total: filesTotal,
    bytes: store.bytes,
    requests: store.requests,
    took_ms: Math.round(performance.now() - startMs)
  } satisfies IPreviewEnd;
}
