import { parquetMetadata } from 'hyparquet';
import type { ColumnChunk, RowGroup, SchemaElement } from 'hyparquet';

import type { IRange } from '../store';
import { legacyCalendarOf } from './legacy_calendar';
import type { ILegacyCalendar } from './legacy_calendar';
import { isFlat } from './planner';
import { checkStruct, I32, I64, LIST, ThriftReader } from './thrift';

/** What a footer says, as far as it is needed to plan and decode; structured-cloneable. */
export interface IParquetMetadata {
  columns: readonly IColumn[];
  rowGroups: readonly IRowGroup[];
  legacyCalendar: ILegacyCalendar;
}

/** A node of the Parquet schema. */
export interface IColumn {
  element: SchemaElement;
  children: readonly IColumn[];
  /** Index of its chunk in every row group; null for groups. */
  leaf: number | null;
}

export interface IRowGroup {
  rows: number;
  chunks: readonly IColumnChunk[];
}

/** One leaf column of a row group. */
export interface IColumnChunk extends IRange {
  path: readonly string[];
  codec: string;
  encodings: readonly string[];
  type: string;
  /** Values with nulls; of a flat column, its rows. */
  values: number;
  uncompressed: number;
  /** Data pages that need the dictionary, which come first; Infinity where the writer does not tell. */
  dictionaryPages: number;
  offsetIndex: IRange | null;
}

/** One data page of a chunk (parquet-format, PageLocation). */
export interface IPage extends IRange {
  firstRow: number;
}

/**
 * Parses a footer: the bytes of a file from the metadata's first one to its end.
 *
 * A damaged one may take forever or all memory, so only the worker and tests call it. Throws `Error` where it is seen.
 */
export function parseFooter(footer: Uint8Array): IParquetMetadata {
  checkStruct(footer);
  const told = parquetMetadata(footer.slice().buffer, { geoparquet: false, parsers: RAW });
  const { schema, row_groups, key_value_metadata } = told;
  const tree = new SchemaTree(schema);
  const rowGroups = row_groups.map((group: RowGroup) => ({
    rows: whole(group.num_rows),
    chunks: group.columns.map(toChunk)
  }));
  if (rowGroups.some(({ chunks }) => chunks.length !== tree.leaves)) {
    throw new Error('a row group has not one chunk for each column');
  }
  const flat = tree.columns.filter(isFlat);
  if (rowGroups.some(({ rows, chunks }) => flat.some(({ leaf }) => chunks[leaf as number]?.values !== rows))) {
    throw new Error('a column has not as many values as its row group has rows');
  }
  return { columns: tree.columns, rowGroups, legacyCalendar: legacyCalendarOf(key_value_metadata) };
}

/** Pages from the offset index of each chunk. Only for the worker, as `parseFooter`. */
export function parseOffsetIndexes(indexes: readonly Uint8Array[]): Float64Array<ArrayBuffer>[] {
  return indexes.map(bytes => {
    const reader = new ThriftReader(bytes);
    const numbers: number[] = [];
    // Of a page's location: offset, compressed size and first row.
    const page: [number, number, number] = [NaN, NaN, NaN];
    const readNumber = (field: number, type: number) => {
      const isKnown = field >= 1 && field <= 3 && (type === I32 || type === I64);
      if (isKnown) {
        page[field - 1] = whole(reader.integer());
      }
      return isKnown;
    };
    const readPage = () => {
      page.fill(NaN);
      reader.struct(readNumber);
      const [start, size, firstRow] = page;
      numbers.push(start, start + size, firstRow);
    };
    reader.struct((field, type) => {
      const isPages = field === 1 && type === LIST;
      if (isPages) {
        reader.list(readPage);
      }
      return isPages;
    });
    return Float64Array.from(numbers);
  });
}

/** The pages of an offset index that was parsed. */
export function pagesOf(numbers: Float64Array): IPage[] {
  return Array.from({ length: numbers.length / 3 }, (_, i) => {
    const at = 3 * i;
    return { start: numbers[at] as number, end: numbers[at + 1] as number, firstRow: numbers[at + 2] as number };
  });
}

/** Statistics stay bytes: nothing here reads them. */
const raw = (value: unknown) => value;
const RAW = { stringFromBytes: raw, uuidFromBytes: raw };

/** Parquet lists its schema depth first; the root comes first. */
class SchemaTree {
  constructor(private readonly elements: readonly SchemaElement[]) {
    this.columns = this.read().children;
    if (this.next !== elements.length) {
      throw new Error('the schema has elements without a parent');
    }
  }

  readonly columns: readonly IColumn[];
  leaves = 0;

  private read(): IColumn {
    const element = this.elements[this.next++];
    if (element === undefined) {
      throw new Error('the schema lacks elements');
    }
    const { num_children: count = 0 } = element;
    if (count > this.elements.length) {
      throw new Error('an element of the schema has more children than there are elements');
    }
    const isGroup = element.type === undefined;
    const children = Array.from({ length: count }, () => this.read());
    return { element, children, leaf: isGroup ? null : this.leaves++ };
  }

  private next = 0;
}

function toChunk({ file_path, meta_data, offset_index_offset, offset_index_length, ...rest }: ColumnChunk) {
  if (meta_data === undefined || rest.crypto_metadata !== undefined) {
    throw new Error('a column is encrypted');
  }
  if (file_path !== undefined && file_path !== '') {
    throw new Error('a column lies in another file');
  }
  const first = whole(meta_data.data_page_offset);
  // Some writers put 0 where there is no dictionary.
  const dictionary = whole(meta_data.dictionary_page_offset ?? 0n) || first;
  const start = Math.min(first, dictionary);
  const index = offset_index_offset === undefined ? null : whole(offset_index_offset);
  return {
    start,
    end: start + whole(meta_data.total_compressed_size),
    path: meta_data.path_in_schema,
    codec: meta_data.codec,
    encodings: meta_data.encodings,
    type: meta_data.type,
    values: whole(meta_data.num_values),
    uncompressed: whole(meta_data.total_uncompressed_size),
    dictionaryPages: dictionaryPages(meta_data),
    offsetIndex: index === null ? null : { start: index, end: index + whole(offset_index_length ?? 0) }
  } satisfies IColumnChunk;
}

/** Writers fall back from a dictionary that grows too large, once and for the rest of the chunk. */
function dictionaryPages({ encoding_stats }: NonNullable<ColumnChunk['meta_data']>): number {
  const needing = encoding_stats?.filter(
    ({ page_type, encoding }) => page_type !== 'DICTIONARY_PAGE' && encoding.endsWith('_DICTIONARY')
  );
  return needing?.reduce((sum, { count }) => sum + whole(count), 0) ?? Infinity;
}

/** A count or place in the file. */
function whole(value: bigint | number): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new Error(`${value} is no count of bytes or rows`);
  }
  return number;
}
