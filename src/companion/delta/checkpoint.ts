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
import { below, readWhole, resolveLogPath, sideBySide } from './store';

/** Uncompressed bytes that are decoded at a time, about. */
const WINDOW_BYTES = 32 * 1024 * 1024;
/** Uncompressed bytes of a field from which on it is decoded apart, so that less is decoded at a time. */
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
  const read = (located: ILocated, either: AbortSignal) => readPart(engine, located, isWanted, either);
  const named = checkpoint.files.map(({ name, size }) => ({ location: below(log, name), size }));
  const parts = await sideBySide(named, signal, read);
  const sidecars = parts.flatMap(({ others }) =>
    others.flatMap(action =>
      'sidecar' in action && isWanted('sidecar')
        ? [{ location: locate(table, action.sidecar), size: action.sidecar.sizeInBytes }]
        : []
    )
  );
  const all = parts.concat(await sideBySide(sidecars, signal, read));
  const files: IAddFile[] = [];
  for (const part of all) {
    part.files.forEach(file => files.push(file));
  }
  return { files, others: all.flatMap(({ others }) => others) };
}

interface ILocated {
  location: string;
  size: number;
}

async function readPart(
  engine: IEngine,
  { location, size }: ILocated,
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
    const bytesOf = (field: IColumn) => file.bytesPerRow([field], group) * rows;
    const parts = columns.map(column => partsOf(column, bytesOf));
    const windowRows = Math.max(1, Math.floor(WINDOW_BYTES / Math.max(1, file.bytesPerRow(columns, group))));
    for (let first = 0; first < rows; first += windowRows) {
      const take = Math.min(windowRows, rows - first);
      const found = await file.read(parts.flat(), { group, first, take, batchRows: take }, signal);
      const read = found.map(([data]) => data as Data);
      const together = parts.map(({ length }) => joined(read.splice(0, length)));
      content.addRows(actions(columns, together), location);
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

/**
 * A column in parts that are decoded by themselves: each of its large fields, and the others together. The largest comes
 * first, for what it leaves free in the decoder's memory holds any other.
 */
function partsOf(column: IColumn, bytesOf: (field: IColumn) => number): IColumn[] {
  const large = column.children.filter(field => bytesOf(field) > LARGE).sort((a, b) => bytesOf(b) - bytesOf(a));
  const others = column.children.filter(child => !large.includes(child));
  const parts = [...large.map(child => [child]), others].filter(children => children.length > 0);
  return parts.length <= 1 ? [column] : parts.map(children => ({ ...column, children }));
}

/** The parts of a column as one, which is null in the same rows as each. */
function joined(parts: readonly Data[]): Data {
  const [first, ...others] = parts as [Data, ...Data[]];
  if (others.length === 0) {
    return first;
  }
  const type = new Struct(parts.flatMap(part => part.type.children as Field[]));
  const { length, nullCount, nullBitmap } = first;
  return laidOut(type, length, { nullCount, nullBitmap, children: parts.flatMap(({ children }) => children) });
}

/** Rows of which each holds one action, in the column that says what it is. */
function actions(columns: readonly IColumn[], children: readonly Data[]): Data {
  const fields = children.map(({ type }, i) => new Field((columns[i] as IColumn).element.name, type, true));
  return laidOut(new Struct(fields), children[0]?.length ?? 0, { nullCount: 0, children: [...children] });
}

/** Sidecars are named relative to the folder `_sidecars`, or absolutely. */
function locate(table: string, { path }: ISidecar): string {
  if (path.includes('..')) {
    throw damaged(logFolder(table), `a sidecar leads to ${JSON.stringify(path)}`);
  }
  return resolveLogPath(below(logFolder(table), '_sidecars'), path);
}
