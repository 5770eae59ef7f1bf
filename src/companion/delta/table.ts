import type { IAddFile } from './actions';
import { rowsOf } from './arrow';
import type { Row } from './arrow';
import { DataFile } from './data_file';
import type { IEngine } from './engine';
import { projectionOf } from './projection';
import type { Snapshot } from './snapshot';

/** All rows of one live file with every column of the schema, for tables that are small enough to be held whole. */
export async function readFile(
  engine: IEngine,
  snapshot: Snapshot,
  file: IAddFile,
  signal: AbortSignal
): Promise<Row[]> {
  const projection = projectionOf(snapshot, snapshot.schema);
  const rows: Row[] = [];
  const opened = await DataFile.open(engine, snapshot, file, signal);
  for await (const { batch } of opened.read(projection, {}, signal)) {
    rows.push(...rowsOf(batch.data));
  }
  return rows;
}
