import { TwinstoreError } from '../../contract';
import type { IAddFile } from './actions';
import type { IEngine } from './engine';
import { rowsOf } from './parquet';
import type { Row, Value } from './parquet';
import type { ISchemaField } from './schema';
import type { Snapshot } from './snapshot';
import { readWhole, resolveLogPath } from './store';

/**
 * The rows of one live file, every column of the schema, for tables that are small enough to be read whole.
 *
 * Throws `unsupported` for deletion vectors, column mapping, widened columns and partition columns of other types than
 * text and whole numbers: scans of data tables are another room's.
 */
export async function readFile(
  engine: IEngine,
  snapshot: Snapshot,
  file: IAddFile,
  signal: AbortSignal
): Promise<Row[]> {
  refuseUnread(snapshot, file);
  const location = resolveLogPath(snapshot.table, file.path);
  const bytes = await readWhole(engine.store, location, file.size, signal).catch(error => {
    throw error instanceof TwinstoreError && error.code === 'not_found' ? vacuumed(location, error) : error;
  });
  const partitions = new Set(snapshot.metadata.partitionColumns);
  const constants = snapshot.schema
    .filter(({ name }) => partitions.has(name))
    .map((field): [string, Value] => [field.name, partitionValue(field, file.partitionValues[field.name] ?? null)]);
  return rowsOf(await engine.decoder.decode(bytes, location, signal)).map(row =>
    // A column that was added later is null in older files.
    Object.fromEntries(snapshot.schema.map(({ name }): [string, Value] => [name, row[name] ?? null]).concat(constants))
  );
}

function refuseUnread({ table, properties, schema }: Snapshot, file: IAddFile): void {
  const mapping = properties['delta.columnMapping.mode'] ?? 'none';
  const unread =
    file.deletionVector !== null
      ? 'deletion vectors'
      : mapping !== 'none'
        ? `column mapping by ${mapping}`
        : schema.some(({ metadata }) => 'delta.typeChanges' in metadata)
          ? 'widened columns'
          : null;
  if (unread !== null) {
    throw new TwinstoreError(
      'unsupported',
      `${table} uses ${unread}, which this reader does not handle yet.`,
      'Read it with Spark.',
      {
        side: 'twinstore'
      }
    );
  }
}

/** An empty text is null (PROTOCOL.md, Partition Value Serialization). */
function partitionValue({ name, type }: ISchemaField, text: string | null): Value {
  if (text === null || text === '') {
    return null;
  }
  switch (type) {
    case 'string':
      return text;
    case 'byte':
    case 'short':
    case 'integer':
      return Number(text);
    case 'long':
      return BigInt(text);
    default:
      throw new TwinstoreError(
        'unsupported',
        `The partition column ${name} is of type ${JSON.stringify(type)}, which is not read here.`,
        'Read the table with Spark.',
        { side: 'twinstore' }
      );
  }
}

function vacuumed(location: string, cause: TwinstoreError): TwinstoreError {
  return new TwinstoreError(
    'not_found',
    `The data file ${location} is gone though the Delta log still names it.`,
    'If VACUUM removed it, read a newer version; else restore it from a copy.',
    { side: 'store', cause }
  );
}
