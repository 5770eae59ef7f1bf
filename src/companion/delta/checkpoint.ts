import { Field, Struct } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { damaged, parseActions, toAction } from './actions';
import type { Action, IAddFile, ISidecar } from './actions';
import { laidOut, readerOf, validityOf } from './arrow';
import { CheckpointFiles } from './checkpoint_files';
import type { IEngine } from './engine';
import type { ICheckpoint } from './log_segment';
import { logFolder } from './log_segment';
import { ParquetFile, pruned } from './parquet';
import type { IColumn } from './parquet';
import { below, readWhole, resolveLogPath } from './store';

/** Uncompressed bytes that are decoded at a time, about. */
const WINDOW_BYTES = 32 * 1024 * 1024;
/** Uncompressed bytes of a field from which on it is decoded beside the others. */
const LARGE = 1024 * 1024;

/** What a checkpoint holds. It is reconciled: no file stands in it twice (PROTOCOL.md, Checkpoints). */
export interface ICheckpointContent {
  files: readonly IAddFile[];
  /** All other actions. */
  others: readonly Action[];
}

/**
 * The content of a checkpoint: classic, multi-part or v2 in JSON or Parquet with its sidecars.
 *
 * @param isWanted Whether a column of Parquet is, by its path, and, by the path `sidecar`, whether sidecars are.
 */
export async function readCheckpoint(
  engine: IEngine,
  table: string,
  checkpoint: ICheckpoint,
  isWanted: (path: string) => boolean,
  signal: AbortSignal
): Promise<ICheckpointContent> {
  const log = logFolder(table);
  const read = (location: string, size: number) => readPart(engine, location, size, isWanted, signal);
  const parts = await Promise.all(checkpoint.files.map(({ name, size }) => read(below(log, name), size)));
  const sidecars = parts.flatMap(({ others }) =>
    others.flatMap(action =>
      'sidecar' in action && isWanted('sidecar')
        ? [read(locate(table, action.sidecar), action.sidecar.sizeInBytes)]
        : []
    )
  );
  const all = parts.concat(await Promise.all(sidecars));
  const files: IAddFile[] = [];
  for (const part of all) {
    part.files.forEach(file => files.push(file));
  }
  return { files, others: all.flatMap(({ others }) => others) };
}

async function readPart(
  engine: IEngine,
  location: string,
  size: number,
  isWanted: (path: string) => boolean,
  signal: AbortSignal
): Promise<ICheckpointContent> {
  if (location.endsWith('.json')) {
    const content = new Content();
    for (const action of parseActions(await readWhole(engine.store, location, size, signal), location)) {
      content.addAction(action);
    }
    return content;
  }
  const file = await ParquetFile.open(engine.store, engine.decoder, location, size, signal);
  const columns = file.columns.flatMap(column => pruned(column, isWanted) ?? []);
  const content = new Content();
  // Where none of them is there, a footer may claim any number of rows.
  for (const [group, { rows }] of columns.length === 0 ? [] : file.rowGroups.entries()) {
    const isLarge = (field: IColumn) => file.bytesPerRow([field], group) * rows > LARGE;
    const parts = columns.flatMap(column => partsOf(column, isLarge));
    const windowRows = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, file.bytesPerRow(columns, group))));
    for (let first = 0; first < rows; first += windowRows) {
      const take = Math.min(windowRows, rows - first);
      const found = await file.read(parts, { group, first, take, batchRows: take }, signal);
      const actions = joined(found.map(([data], i) => [(parts[i] as IColumn).element.name, data as Data]));
      content.addRows(actions, location);
    }
  }
  return content;
}

class Content implements ICheckpointContent {
  readonly files: IAddFile[] = [];
  readonly others: Action[] = [];

  addAction(action: Action | null): void {
    if (action === null) {
      return;
    }
    if ('add' in action) {
      this.files.push(action.add);
    } else {
      this.others.push(action);
    }
  }

  /** Adds the actions in the rows of a batch, nearly all of them files. */
  addRows(batch: Data, location: string): void {
    const add = batch.children[(batch.type.children as Field[]).findIndex(({ name }) => name === 'add')];
    const files = add === undefined ? null : CheckpointFiles.of(add);
    const rowOf = readerOf(batch);
    const actions = batch.children.map(validityOf);
    for (let row = 0; row < batch.length; row++) {
      const file = files?.at(row, location) ?? null;
      if (file !== null) {
        this.files.push(file);
      } else if (actions.some(isThere => isThere(row))) {
        this.addAction(toAction(rowOf(row), location));
      }
    }
  }
}

/** A column in parts that are decoded side by side: each of its large fields, and the others together. */
function partsOf(column: IColumn, isLarge: (field: IColumn) => boolean): IColumn[] {
  const large = column.children.filter(isLarge);
  const others = column.children.filter(child => !large.includes(child));
  const parts = [...large.map(child => [child]), others].filter(children => children.length > 0);
  return parts.length <= 1 ? [column] : parts.map(children => ({ ...column, children }));
}

/** A struct of named columns; those of one name are parts of one struct. */
function joined(columns: readonly (readonly [string, Data])[]): Data {
  const byName = new Map<string, Data>();
  for (const [name, part] of columns) {
    const before = byName.get(name);
    byName.set(name, before === undefined ? part : together(before, part));
  }
  const fields = [...byName].map(([name, { type }]) => new Field(name, type, true));
  const [first] = byName.values();
  return laidOut(new Struct(fields), (first as Data).length, { nullCount: 0, children: [...byName.values()] });
}

/** Two parts of what a file has as one struct, so that both are null in the same rows. */
function together(a: Data, b: Data): Data {
  const type = new Struct([...(a.type.children as Field[]), ...(b.type.children as Field[])]);
  const { nullCount, nullBitmap } = a;
  return laidOut(type, a.length, { nullCount, nullBitmap, children: [...a.children, ...b.children] });
}

/** Sidecars are named relative to the folder `_sidecars`, or absolutely. */
function locate(table: string, { path }: ISidecar): string {
  if (path.includes('..')) {
    throw damaged(logFolder(table), `a sidecar leads to ${JSON.stringify(path)}`);
  }
  return resolveLogPath(below(logFolder(table), '_sidecars'), path);
}
