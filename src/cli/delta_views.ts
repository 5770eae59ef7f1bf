import {
  deletedOf,
  history,
  ipcStream,
  jsonReader,
  recordsOf,
  Scan,
  textReader,
  timestampText,
  typeName
} from '../companion';
import type { IAddFile, IEngine, ISchemaField, Predicate, Snapshot } from '../companion';
import { textTable } from './output';

export const FORMATS = ['table', 'json', 'arrow'] as const;

/** What to show of a table, and how. */
export interface IDeltaRequest {
  engine: IEngine;
  table: string;
  format: (typeof FORMATS)[number];
  columns: readonly string[] | undefined;
  where: Predicate | undefined;
  /** At most; Infinity for all. */
  limit: number;
  /** With the statistics of its files, or without. */
  snapshot: (statistics: boolean) => Promise<Snapshot>;
  signal: AbortSignal;
}

/** The parts of what is shown, made as they are taken. */
export type View = (request: IDeltaRequest) => AsyncGenerator<string | Uint8Array, void, undefined>;

const NONE = '–';

export const schema: View = async function* ({ snapshot, format }) {
  const table = await snapshot(false);
  const columns = table.schema.map(field => columnOf(field, table));
  if (format === 'json') {
    yield* jsonLines(columns);
    return;
  }
  const cells = columns.map(({ name, type, nullable, partition }) => [
    name,
    type,
    nullable ? '' : 'not null',
    partition ? 'partition' : ''
  ]);
  yield textTable([['column', 'type', '', ''], ...cells]);
};

export const rows: View = async function* ({ engine, snapshot, columns, where, limit, format, signal }) {
  const wanted = { ...(columns === undefined ? {} : { columns }), ...(where === undefined ? {} : { where }) };
  const scan = new Scan(engine, await snapshot(where !== undefined), { limit, ...wanted });
  if (format === 'arrow') {
    yield* ipcStream(scan.schema, scan.batches(signal));
    return;
  }
  const names = scan.schema.fields.map(({ name }) => name);
  const table = [names];
  for await (const { data, numRows } of scan.batches(signal)) {
    const places = Array.from({ length: numRows }, (_, i) => i);
    if (format === 'json') {
      const cells = data.children.map(jsonReader);
      const keys = names.map(name => JSON.stringify(name));
      for (const i of places) {
        yield `{${cells.map((cell, j) => `${keys[j]}:${cell(i)}`).join(',')}}\n`;
      }
    } else {
      const cells = data.children.map(textReader);
      table.push(...places.map(i => cells.map(cell => cell(i))));
    }
  }
  if (format === 'table') {
    yield textTable(table);
  }
};

export const historyOf: View = async function* ({ engine, table, limit, format, signal, snapshot }) {
  const commits = await history(engine, table, limit, signal);
  if (commits.length === 0) {
    // A log without a commit file is no log, or one of which only a checkpoint is left: that is told by the snapshot.
    await snapshot(false);
  }
  if (format === 'json') {
    yield* jsonLines(commits.map(({ timestampMs, ...rest }) => ({ ...rest, timestamp: timeText(timestampMs) })));
    return;
  }
  const cells = commits.map(({ version, timestampMs, operation, filesAdded, filesRemoved, engine: writer }) => [
    String(version),
    timeText(timestampMs),
    operation ?? NONE,
    `+${filesAdded} −${filesRemoved}`,
    writer ?? NONE
  ]);
  yield textTable([['version', 'time', 'operation', 'files', 'engine'], ...cells]);
};

export const files: View = async function* ({ snapshot, format }) {
  const live = (await snapshot(true)).files.map(fileOf);
  if (format === 'json') {
    yield* jsonLines(live);
    return;
  }
  const cells = live.map(({ path, size, rows: count, deleted, partition }) => [
    path,
    String(size),
    count === null ? NONE : String(count),
    String(deleted),
    Object.entries(partition)
      .map(([name, value]) => `${name}=${value ?? 'null'}`)
      .join(' ')
  ]);
  yield textTable([['path', 'bytes', 'rows', 'deleted', 'partition'], ...cells]);
};

function columnOf({ name, type, nullable }: ISchemaField, { metadata }: Snapshot) {
  return { name, type: typeName(type), nullable, partition: metadata.partitionColumns.includes(name) };
}

function fileOf(file: IAddFile) {
  const { path, size, modificationTime, partitionValues } = file;
  return {
    path,
    size,
    modified: modificationTime === null ? null : timeText(modificationTime),
    rows: recordsOf(file),
    deleted: deletedOf(file),
    partition: partitionValues
  };
}

function timeText(ms: number): string {
  return timestampText(BigInt(ms) * 1000n, true);
}

function* jsonLines(items: readonly object[]): Generator<string, void, undefined> {
  for (const item of items) {
    yield `${JSON.stringify(item)}\n`;
  }
}
