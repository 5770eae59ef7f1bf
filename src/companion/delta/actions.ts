import { TwinstoreError } from '../../contract';

/** Actions of the Delta log as PROTOCOL.md defines them, with the fields that are read here. */
export interface IProtocol {
  minReaderVersion: number;
  minWriterVersion: number;
  readerFeatures: readonly string[];
  writerFeatures: readonly string[];
}

export interface IMetadata {
  id: string;
  name: string | null;
  description: string | null;
  /** Null where a table has no columns yet. */
  schemaString: string | null;
  partitionColumns: readonly string[];
  configuration: Readonly<Record<string, string>>;
}

export interface IDeletionVector {
  storageType: string;
  pathOrInlineDv: string;
  offset: number | null;
  /** Of the vector itself, decoded. */
  sizeInBytes: number;
  cardinality: number;
}

export interface IAddFile {
  /** As written in the log: percent-encoded, relative or absolute. */
  path: string;
  size: number;
  partitionValues: Readonly<Record<string, string | null>>;
  /** Ms since the epoch; null where the writer kept none that makes sense. */
  modificationTime: number | null;
  /** JSON text; null when the writer kept none. */
  stats: string | null;
  deletionVector: IDeletionVector | null;
}

export interface IRemoveFile {
  path: string;
  deletionVector: IDeletionVector | null;
}

export interface ITxn {
  appId: string;
  /** Null where it is no safe integer: applications are free in what they count. */
  version: number | null;
}

export interface ISidecar {
  path: string;
  sizeInBytes: number;
}

export interface ICommitInfo {
  /** Ms since the epoch by the writer's clock, where it was written down. */
  timestamp: number | null;
  inCommitTimestamp: number | null;
  operation: string | null;
  operationParameters: Readonly<Record<string, unknown>>;
  operationMetrics: Readonly<Record<string, string>>;
  userMetadata: string | null;
  engineInfo: string | null;
}

export type Action =
  | { protocol: IProtocol }
  | { metaData: IMetadata }
  | { add: IAddFile }
  | { remove: IRemoveFile }
  | { txn: ITxn }
  | { sidecar: ISidecar }
  | { commitInfo: ICommitInfo };

/** Columns of a checkpoint that are read: not the removes, which only VACUUM needs, nor statistics in columns. */
export const CHECKPOINT_COLUMNS: ReadonlySet<string> = new Set([
  'protocol',
  'metaData',
  'txn',
  'sidecar',
  'add.path',
  'add.size',
  'add.partitionValues',
  'add.modificationTime',
  'add.stats',
  'add.deletionVector'
]);

/** Those of a checkpoint that tell what a table is, without its files. */
export const METADATA_COLUMNS: ReadonlySet<string> = new Set(['protocol', 'metaData']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * The actions of a JSON file of the log, in its order; those that readers may ignore are left out.
 *
 * @param name What errors call the file.
 */
export function parseActions(bytes: Uint8Array, name: string): Action[] {
  const actions: Action[] = [];
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  lines.forEach((line, i) => {
    if (line.trim() === '') {
      return;
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (cause) {
      throw damaged(name, `line ${i + 1} is not JSON`, cause);
    }
    const action = toAction(parsed, name);
    if (action !== null) {
      actions.push(action);
    }
  });
  return actions;
}

/** One action from its parsed form, JSON or a row of a checkpoint; null for those that readers may ignore. */
export function toAction(parsed: unknown, name: string): Action | null {
  const row = new Field(parsed, name, 'an action').fields();
  for (const [kind, read] of Object.entries(READERS)) {
    const value = row[kind];
    if (value !== undefined && value !== null) {
      return read(new Field(value, name, kind));
    }
  }
  return null;
}

/** What no row depends on is read leniently: it is no reason to refuse a table. */
const READERS: Readonly<Record<string, (field: Field) => Action>> = {
  add: f => ({
    add: {
      path: f.get('path').text(),
      size: f.get('size').integer(),
      partitionValues: f.get('partitionValues').optional(v => v.texts()) ?? {},
      modificationTime: f.get('modificationTime').lenient(v => v.integer()),
      stats: f.get('stats').lenient(v => v.text()),
      deletionVector: f.get('deletionVector').optional(deletionVector)
    }
  }),
  remove: f => ({
    remove: { path: f.get('path').text(), deletionVector: f.get('deletionVector').optional(deletionVector) }
  }),
  metaData: f => ({
    metaData: {
      id: f.get('id').text(),
      name: f.get('name').lenient(v => v.text()),
      description: f.get('description').lenient(v => v.text()),
      schemaString: f.get('schemaString').optional(v => v.text()),
      partitionColumns: f.get('partitionColumns').optional(v => v.list()) ?? [],
      configuration: f.get('configuration').optional(v => v.texts() as Record<string, string>) ?? {}
    }
  }),
  protocol: f => ({
    protocol: {
      minReaderVersion: f.get('minReaderVersion').integer(),
      minWriterVersion: f.get('minWriterVersion').integer(),
      readerFeatures: f.get('readerFeatures').optional(v => v.list()) ?? [],
      writerFeatures: f.get('writerFeatures').optional(v => v.list()) ?? []
    }
  }),
  txn: f => ({ txn: { appId: f.get('appId').text(), version: f.get('version').lenient(v => v.integer()) } }),
  sidecar: f => ({ sidecar: { path: f.get('path').text(), sizeInBytes: f.get('sizeInBytes').integer() } }),
  // Writers are free in what they keep there: what is not as expected says nothing (PROTOCOL.md, Commit Provenance).
  commitInfo: f => ({
    commitInfo: {
      timestamp: f.get('timestamp').lenient(v => v.integer()),
      inCommitTimestamp: f.get('inCommitTimestamp').lenient(v => v.integer()),
      operation: f.get('operation').lenient(v => v.text()),
      operationParameters: f.get('operationParameters').lenient(v => v.fields()) ?? {},
      operationMetrics: asTexts(f.get('operationMetrics').lenient(v => v.fields()) ?? {}),
      userMetadata: f.get('userMetadata').lenient(v => v.text()),
      engineInfo: f.get('engineInfo').lenient(v => v.text())
    }
  })
};

/** A deletion vector from its parsed form. */
export function deletionVectorOf(parsed: unknown, name: string): IDeletionVector {
  return deletionVector(new Field(parsed, name, 'add.deletionVector'));
}

/** Some writers keep metrics as numbers. */
function asTexts(metrics: Fields): Record<string, string> {
  const entries = Object.entries(metrics);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  );
}

function deletionVector(f: Field): IDeletionVector {
  return {
    storageType: f.get('storageType').text(),
    pathOrInlineDv: f.get('pathOrInlineDv').text(),
    offset: f.get('offset').optional(v => v.integer()),
    sizeInBytes: f.get('sizeInBytes').integer(),
    cardinality: f.get('cardinality').integer()
  };
}

/** A value of the log whose shape is not known until it is asked for. */
class Field {
  constructor(
    private readonly value: unknown,
    private readonly file: string,
    private readonly name: string
  ) {}

  get(name: string): Field {
    return new Field(this.fields()[name], this.file, `${this.name}.${name}`);
  }

  optional<T>(read: (field: Field) => T): T | null {
    return this.value === undefined || this.value === null ? null : read(this);
  }

  /** Null also where the value is of another shape. */
  lenient<T>(read: (field: Field) => T): T | null {
    try {
      return this.optional(read);
    } catch {
      return null;
    }
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.refuse('text');
  }

  /** JSON numbers, and the 64-bit integers of a Parquet checkpoint. */
  integer(): number {
    const number = typeof this.value === 'bigint' ? Number(this.value) : this.value;
    return Number.isSafeInteger(number) ? (number as number) : this.refuse('an integer');
  }

  list(): string[] {
    const items = this.value;
    return Array.isArray(items) && items.every(item => typeof item === 'string')
      ? items
      : this.refuse('a list of text');
  }

  texts(): Record<string, string | null> {
    const fields = this.fields();
    return Object.values(fields).every(value => typeof value === 'string' || value === null)
      ? (fields as Record<string, string | null>)
      : this.refuse('a map of text');
  }

  /** JSON objects, and the structs and maps of a Parquet checkpoint. */
  fields(): Fields {
    if (this.value instanceof Map) {
      return Object.fromEntries(this.value) as Fields;
    }
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value)
      ? (this.value as Fields)
      : this.refuse('an object');
  }

  private refuse(wanted: string): never {
    throw damaged(this.file, `${this.name} is not ${wanted}`);
  }
}

/** The error of a file of the log that is not what the protocol says. */
export function damaged(file: string, what: string, cause?: unknown): TwinstoreError {
  return new TwinstoreError(
    'store_failed',
    `The Delta log is damaged: ${what} in ${file}.`,
    'Restore the file from a copy, or read an older version.',
    { cause }
  );
}
