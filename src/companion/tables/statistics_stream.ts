import type { IColumnStatistics, IStatisticsEnd, IStatisticsRequest } from '../../contract';
import { CountingStore, parsePredicate, Statistics } from '../delta';
import type { IEngine, Snapshot } from '../delta';
import type { Parts } from '../streamed';
import { withProgress } from './progress';

/** Statistics as parts of an answer: how far the reading is, and in the end what it found. */
export async function* statisticsParts(
  engine: IEngine,
  snapshot: Snapshot,
  { columns, where }: IStatisticsRequest,
  signal: AbortSignal
): Parts {
  const startMs = performance.now();
  const store = new CountingStore(engine.store);
  const statistics = new Statistics({ ...engine, store }, snapshot, {
    ...(columns === undefined ? {} : { columns }),
    ...(where === undefined ? {} : { where: parsePredicate(where) })
  });
  let found: IColumnStatistics[] = [];
  const reading = async function* () {
    found = await statistics.read(signal);
  };
  yield* withProgress(reading(), () => ({
    bytes: store.bytes,
    planned_bytes: statistics.plannedBytes,
    rows: statistics.rows
  }));
  return {
    version: snapshot.version,
    rows: statistics.rows,
    total: snapshot.rows,
    columns: found,
    bytes: store.bytes,
    requests: store.requests,
    took_ms: Math.round(performance.now() - startMs)
  } satisfies IStatisticsEnd;
}
