import type { IAddFile } from './actions';

/** Statistics of a data file as its writer told them, by physical names (PROTOCOL.md, Per-file Statistics). */
export interface IFileStatistics {
  numRecords?: unknown;
  minValues?: Readonly<Record<string, unknown>>;
  maxValues?: Readonly<Record<string, unknown>>;
  nullCount?: Readonly<Record<string, unknown>>;
}

/** Of statistics that are no JSON object nothing is known. */
export function parseStatistics(text: string | null): IFileStatistics {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Rows of a file, with those that its deletion vector takes away; null where the writer kept no count. */
export function recordsOf({ stats }: IAddFile): number | null {
  const { numRecords } = parseStatistics(stats);
  return Number.isSafeInteger(numRecords) ? (numRecords as number) : null;
}

/** Rows that a deletion vector takes away from a file. */
export function deletedOf({ deletionVector }: IAddFile): number {
  return deletionVector?.cardinality ?? 0;
}

/** Live rows of some files; null unless all have counts. */
export function liveRowsOf(files: readonly IAddFile[]): number | null {
  let rows = 0;
  for (const file of files) {
    const records = recordsOf(file);
    if (records === null) {
      return null;
    }
    rows += records - deletedOf(file);
  }
  return rows;
}
