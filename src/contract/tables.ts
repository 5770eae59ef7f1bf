import type { IErrorBody } from './errors';
import type { Receipt } from './types';

/** A place of the offline store. */
export interface ITableEntry {
  /** Last part of the location; the location itself of a configured root. */
  name: string;
  location: string;
  kind: 'folder' | 'table' | 'group';
}

/**
 * Answer of companion `POST tables` (body {location?}): one level below a folder, by name; the configured roots when no
 * location is given. What begins with `_` or `.` is left out.
 */
export interface ITablesAnswer {
  /** Canonical; null for the roots. */
  location: string | null;
  entries: ITableEntry[];
  /** Whether there were more entries than are listed. */
  truncated: boolean;
}

/**
 * Which version of which table: the newest unless `version` or `at_us` (the last commit at or before it, µs since the
 * epoch) is given; never both.
 */
export interface ITableRequest {
  location: string;
  version?: number;
  at_us?: number;
}

export interface ITableColumn {
  name: string;
  /** As Spark SQL writes it, such as `decimal(10,2)`. */
  type: string;
  nullable: boolean;
  partition: boolean;
  comment: string | null;
}

/** Answer of companion `POST tables/get` (body `ITableRequest`). */
export interface ITableAnswer {
  location: string;
  version: number;
  /** Newest version. */
  head: number;
  /** When the version was committed, µs since the epoch. */
  committed_us: number | null;
  id: string;
  name: string | null;
  description: string | null;
  columns: ITableColumn[];
  properties: Record<string, string>;
  protocol: { reader: number; writer: number; reader_features: string[]; writer_features: string[] };
  /** Live files and their bytes; null when the table asks more of a reader than is known. */
  files: number | null;
  bytes: number | null;
  /** Rows by the statistics, less those deleted; null unless every file has them. */
  rows: number | null;
  /** Name of the feature group whose history the table is; null for any other table. */
  group: string | null;
  /** Why the rows cannot be read; null when they can. */
  refusal: IErrorBody | null;
}

export interface ITableCommit {
  version: number;
  committed_us: number;
  operation: string | null;
  parameters: Record<string, unknown>;
  metrics: Record<string, unknown>;
  engine: string | null;
  files_added: number;
  files_removed: number;
  /** Id of twinstore's run that made the commit; null for a commit of anyone else. */
  run_id: string | null;
}

/** Answer of companion `POST tables/history` (body {location, limit?}), newest first. */
export interface ITableHistoryAnswer {
  commits: ITableCommit[];
  /** Last version that is wholly online; null for a table that is no group, or one never written online. */
  watermark: number | null;
  /** Newest receipt of each run among the commits. */
  receipts: Receipt[];
}

export interface ITableFile {
  /** As in the log, percent-encoding undone. */
  path: string;
  bytes: number;
  /** By the statistics; null when there are none. */
  rows: number | null;
  /** Rows that the deletion vector takes away. */
  deleted: number;
  /** Text of each value, by column name. */
  partition: Record<string, string | null>;
  modified_us: number | null;
}

/** Answer of companion `POST tables/files` (body `ITableRequest` and limit?), largest first. */
export interface ITableFilesAnswer {
  files: ITableFile[];
  total: number;
  bytes: number;
}

/** Most rows of one preview: those that are only passed on, and those that are held until they are in order. */
export const MAX_PREVIEW = { streamed: 1_000_000, ordered: 10_000 } as const;

/** Body of companion `POST preview`, which answers with frames: progress, Arrow IPC bytes of one stream, end. */
export interface IPreviewRequest extends ITableRequest {
  /** In the order wanted; all when absent. */
  columns?: string[];
  /** Such as `c > 1 and d is null`. */
  where?: string;
  /** The first rows of the whole table in this order, instead of any rows. */
  order?: { column: string; descending: boolean };
  /** Rows, at most. */
  limit: number;
  /** Of these, how many at the start are not sent, for whoever has them from a reading of the same that was stopped. */
  skip?: number;
  /** Id of the table whose rows they are; one that was made anew at its place since is refused (`conflict`). */
  table_id?: string;
  /** Without `where` and `order`: the rows that take the fewest bytes (the default), or the first of the first file. */
  window?: 'cheapest' | 'first';
}

/** `end` of a preview that succeeded. */
export interface IPreviewEnd {
  version: number;
  /** With those that were skipped. */
  rows: number;
  /** What the rows are, in words, such as `rows 436,500 to 437,499 of part-00000….parquet`. */
  what: string;
  /** Whether these are all rows there are (that satisfy `where`). */
  complete: boolean;
  /** Rows of the table, by the statistics; null when these are missing for some file. */
  total: number | null;
  /** Files that were looked into, of all that could hold wanted rows. */
  files_read: number;
  files_total: number;
  bytes: number;
  requests: number;
  took_ms: number;
}

/** Body of companion `POST statistics`, which answers with frames: progress and end. */
export interface IStatisticsRequest extends ITableRequest {
  columns?: string[];
  where?: string;
}

export interface IColumnStatistics {
  column: string;
  type: string;
  nulls: number;
  /**
   * Texts, exact; null when there is no value or the type has no order. Of a value of more than 1,000 bytes the start,
   * with an ellipsis after it.
   */
  min: string | null;
  max: string | null;
  /**
   * Of numbers and times: equal bins from min to max, NaN and infinities left out; null for other types. Edges are days
   * since the epoch for dates, and µs since it for timestamps.
   */
  histogram: { edges: number[]; counts: number[] } | null;
  /** Of other types: the most frequent values, at most 10; null when there are too many different ones to count. */
  frequent: { value: string; count: number }[] | null;
  /** Mean of numbers; null for other types. */
  mean: number | null;
}

/** `end` of statistics that succeeded. */
export interface IStatisticsEnd {
  version: number;
  /** Rows that were read. */
  rows: number;
  /** Rows of the table; null when not known. */
  total: number | null;
  columns: IColumnStatistics[];
  bytes: number;
  requests: number;
  took_ms: number;
}

/** `progress` of a preview or of statistics. */
export interface IReadProgress {
  bytes: number;
  /** Null while it is not known. */
  planned_bytes: number | null;
  /** With those that were skipped. */
  rows: number;
}

/** `end` of a stream whose work failed. */
export interface IFailedEnd {
  error: IErrorBody;
}
