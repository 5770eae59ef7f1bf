import { Field, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { CHECKPOINT_COLUMNS, damaged, parseActions, toAction } from './actions';
import type { Action, ISidecar } from './actions';
import { laidOut, rowsOf } from './arrow';
import type { IEngine } from './engine';
import type { ICheckpoint } from './log_segment';
import { logFolder } from './log_segment';
import { ParquetFile, pruned } from './parquet';
import { below, readWhole, resolveLogPath } from './store';

/** All actions of a checkpoint: classic, multi-part or v2 in JSON or Parquet with its sidecars. */
export async function readCheckpoint(
  engine: IEngine,
  table: string,
  checkpoint: ICheckpoint,
  signal: AbortSignal
): Promise<Action[]> {
  const log = logFolder(table);
  const parts = await Promise.all(
    checkpoint.files.map(({ name, size }) => readPart(engine, below(log, name), size, signal))
  );
  const actions = parts.flat();
  const sidecars = actions.flatMap(action => ('sidecar' in action ? [action.sidecar] : []));
  const files = await Promise.all(
    sidecars.map(sidecar => readPart(engine, locate(table, sidecar), sidecar.sizeInBytes, signal))
  );
  return actions.concat(...files);
}

async function readPart(engine: IEngine, location: string, size: number, signal: AbortSignal): Promise<Action[]> {
  if (location.endsWith('.json')) {
    return parseActions(await readWhole(engine.store, location, size, signal), location);
  }
  const file = await ParquetFile.open(engine.store, engine.decoder, location, size, signal);
  const columns = file.columns.flatMap(column => pruned(column, path => CHECKPOINT_COLUMNS.has(path)) ?? []);
  const actions: Action[] = [];
  for (const [group, { rows }] of file.rowGroups.entries()) {
    if (rows > 0) {
      const window = { group, first: 0, take: rows, batchRows: rows };
      const found = (await file.read(columns, window, signal)).map(([batch]) => batch as Data);
      const type = new Struct(columns.map(({ element }, i) => new Field(element.name, (found[i] as Data).type, true)));
      const read = rowsOf(laidOut(type, rows, { nullCount: 0, children: found }));
      actions.push(...read.flatMap(row => toAction(row, location) ?? []));
    }
  }
  return actions;
}

/** Sidecars are named relative to the folder `_sidecars`, or absolutely. */
function locate(table: string, { path }: ISidecar): string {
  if (path.includes('..')) {
    throw damaged(logFolder(table), `a sidecar leads to ${JSON.stringify(path)}`);
  }
  return resolveLogPath(below(logFolder(table), '_sidecars'), path);
}
