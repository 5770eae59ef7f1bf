import { CHECKPOINT_COLUMNS, damaged, parseActions, toAction } from './actions';
import type { Action, ISidecar } from './actions';
import type { IEngine } from './engine';
import type { ICheckpoint } from './log_segment';
import { logFolder } from './log_segment';
import { rowsOf } from './parquet';
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
  const bytes = await readWhole(engine.store, location, size, signal);
  if (location.endsWith('.json')) {
    return parseActions(bytes, location);
  }
  const rows = rowsOf(await engine.decoder.decode(bytes, location, signal), CHECKPOINT_COLUMNS);
  return rows.flatMap(row => toAction(row, location) ?? []);
}

/** Sidecars are named relative to the folder `_sidecars`, or absolutely. */
function locate(table: string, { path }: ISidecar): string {
  if (path.includes('..')) {
    throw damaged(logFolder(table), `a sidecar leads to ${JSON.stringify(path)}`);
  }
  return resolveLogPath(below(logFolder(table), '_sidecars'), path);
}
