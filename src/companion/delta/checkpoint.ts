import { Field, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { CHECKPOINT_COLUMNS, damaged, parseActions, toAction } from './actions';
import type { Action, ISidecar } from './actions';
import { laidOut, rowsOf } from './arrow';
import type { IEngine } from './engine';
import type { ICheckpoint } from './log_segment';
import { logFolder } from './log_segment';
import { ParquetFile, pruned } from './parquet';
import type { IColumn } from './parquet';
import { below, readWhole, resolveLogPath } from './store';

/** The leaf that is most of a checkpoint. */
const STATISTICS = 'add.stats';
/** Uncompressed bytes that are decoded at a time, about. */
const WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * All actions of a checkpoint: classic, multi-part or v2 in JSON or Parquet with its sidecars.
 *
 * @param statistics Whether files are to come with theirs; those of Parquet are left out otherwise.
 */
export async function readCheckpoint(
  engine: IEngine,
  table: string,
  checkpoint: ICheckpoint,
  statistics: boolean,
  signal: AbortSignal
): Promise<Action[]> {
  const log = logFolder(table);
  const parts = await Promise.all(
    checkpoint.files.map(({ name, size }) => readPart(engine, below(log, name), size, statistics, signal))
  );
  const actions = parts.flat();
  const sidecars = actions.flatMap(action => ('sidecar' in action ? [action.sidecar] : []));
  const files = await Promise.all(
    sidecars.map(sidecar => readPart(engine, locate(table, sidecar), sidecar.sizeInBytes, statistics, signal))
  );
  return actions.concat(...files);
}

async function readPart(
  engine: IEngine,
  location: string,
  size: number,
  statistics: boolean,
  signal: AbortSignal
): Promise<Action[]> {
  if (location.endsWith('.json')) {
    return parseActions(await readWhole(engine.store, location, size, signal), location);
  }
  const file = await ParquetFile.open(engine.store, engine.decoder, location, size, signal);
  const isWanted = (path: string) => CHECKPOINT_COLUMNS.has(path) && (statistics || path !== STATISTICS);
  const columns = file.columns.flatMap(column => pruned(column, isWanted) ?? []);
  const actions: Action[] = [];
  for (const [group, { rows }] of file.rowGroups.entries()) {
    const { bytesPerRow } = file.measure(columns, group);
    const windowRows = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, bytesPerRow)));
    for (let first = 0; first < rows; first += windowRows) {
      const take = Math.min(windowRows, rows - first);
      const found = await file.read(columns, { group, first, take, batchRows: take }, signal);
      const batch = structOf(
        columns,
        found.map(([data]) => data as Data),
        take
      );
      for (const row of rowsOf(batch)) {
        const action = toAction(row, location);
        if (action !== null) {
          actions.push(action);
        }
      }
    }
  }
  return actions;
}

function structOf(columns: readonly IColumn[], children: Data[], length: number): Data {
  const type = new Struct(columns.map(({ element }, i) => new Field(element.name, (children[i] as Data).type, true)));
  return laidOut(type, length, { nullCount: 0, children });
}

/** Sidecars are named relative to the folder `_sidecars`, or absolutely. */
function locate(table: string, { path }: ISidecar): string {
  if (path.includes('..')) {
    throw damaged(logFolder(table), `a sidecar leads to ${JSON.stringify(path)}`);
  }
  return resolveLogPath(below(logFolder(table), '_sidecars'), path);
}
