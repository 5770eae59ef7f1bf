import type { IRange } from '../store';
import type { IColumn, IColumnChunk, IPage, IRowGroup } from './metadata';

/** Pages of a flat chunk that has an offset index, by the chunk's place in its row group. */
export type PageIndex = ReadonlyMap<number, readonly IPage[]>;

/** Bytes of one leaf that a plan takes: a dictionary, then data pages, one after the other. */
export interface ILeafPlan {
  chunk: IColumnChunk;
  /** In the order in which the bytes stand in the mini file; a dictionary apart from its pages comes first. */
  ranges: readonly IRange[];
  /** Bytes of the dictionary page at the start; 0 when there is none, or when the chunk is taken whole. */
  dictionary: number;
  values: number;
}

/** What to read of one column to get some rows of a row group. */
export interface IColumnPlan {
  column: IColumn;
  leaves: readonly ILeafPlan[];
  /** Rows that the bytes hold. */
  rows: number;
  /** Of these, the ones before the wanted rows. */
  skip: number;
  /** Wanted rows. */
  take: number;
}

/** Leaves of a column, in the order of their chunks. */
export function leavesOf(column: IColumn): number[] {
  return column.leaf === null ? column.children.flatMap(leavesOf) : [column.leaf];
}

/** Whether a column has timestamps of Parquet's old type, which name no type of their own. */
export function holdsInt96({ element, children }: IColumn): boolean {
  return element.type === 'INT96' || children.some(holdsInt96);
}

/**
 * Whether rows of a column can be read without its whole chunk: only a flat column has its pages end where rows do, and
 * the borders of several leaves differ.
 */
export function isFlat({ leaf, element }: IColumn): boolean {
  return leaf !== null && element.repetition_type !== 'REPEATED';
}

/** Plans the rows [first, first + take) of a column: the pages that hold them, else whole chunks. */
export function planColumn(
  column: IColumn,
  group: IRowGroup,
  pages: PageIndex,
  first: number,
  take: number
): IColumnPlan {
  const known = take >= group.rows ? null : pagesOf(column, group, pages);
  if (known === null) {
    return { ...wholeChunks(column, group), skip: first, take };
  }
  const from = pageAt(known.pages, first);
  const to = pageAt(known.pages, first + take - 1) + 1;
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  return { ...somePages(column, known, group, numbers), skip: first - (known.pages[from] as IPage).firstRow, take };
}

/** What to read of one column to get some rows of a row group, and where among the decoded rows these are. */
export interface IRowsPlan {
  plan: IColumnPlan;
  places: Uint32Array;
}

/** Plans some rows of a column, given in ascending order: only the pages that hold any, else whole chunks. */
export function planRows(column: IColumn, group: IRowGroup, pages: PageIndex, rows: Uint32Array): IRowsPlan {
  const known = pagesOf(column, group, pages);
  if (known === null) {
    return { plan: { ...wholeChunks(column, group), skip: 0, take: group.rows }, places: rows };
  }
  const numbers: number[] = [];
  const places = new Uint32Array(rows.length);
  let before = 0;
  let page: IPage | undefined;
  let end = 0;
  rows.forEach((row, i) => {
    if (page === undefined || row >= end) {
      before += page === undefined ? 0 : end - page.firstRow;
      const number = pageAt(known.pages, row);
      numbers.push(number);
      page = known.pages[number] as IPage;
      end = known.pages[number + 1]?.firstRow ?? group.rows;
    }
    places[i] = before + row - page.firstRow;
  });
  const some = somePages(column, known, group, numbers);
  return { plan: { ...some, skip: 0, take: some.rows }, places };
}

/** Bytes that `planColumn` would have read. */
export function bytesOfRows(column: IColumn, group: IRowGroup, pages: PageIndex, first: number, take: number): number {
  const known = pagesOf(column, group, pages);
  if (known === null) {
    return leavesOf(column).reduce((sum, leaf) => sum + sizeOf(group.chunks[leaf] as IColumnChunk), 0);
  }
  const from = pageAt(known.pages, first);
  const last = known.pages[pageAt(known.pages, first + take - 1)] as IPage;
  return last.end - (known.pages[from] as IPage).start + sizeOf(dictionaryFor(known, from));
}

interface IKnownPages {
  chunk: IColumnChunk;
  pages: readonly IPage[];
}

/** Null where a column is only to be had in whole chunks. */
function pagesOf(column: IColumn, { chunks }: IRowGroup, index: PageIndex): IKnownPages | null {
  const pages = column.leaf === null || !isFlat(column) ? undefined : index.get(column.leaf);
  return pages === undefined ? null : { chunk: chunks[column.leaf as number] as IColumnChunk, pages };
}

/** Number of the page that holds a row. */
function pageAt(pages: readonly IPage[], row: number): number {
  let low = 0;
  let high = pages.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((pages[middle] as IPage).firstRow <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The dictionary's bytes; none where no page from this one on needs it. */
function dictionaryFor({ chunk, pages }: IKnownPages, from: number): IRange {
  const end = from < chunk.dictionaryPages ? (pages[0] as IPage).start : chunk.start;
  return { start: chunk.start, end };
}

function sizeOf({ start, end }: IRange): number {
  return end - start;
}

type Planned = Omit<IColumnPlan, 'skip' | 'take'>;

function wholeChunks(column: IColumn, group: IRowGroup): Planned {
  const leaves = leavesOf(column).map(leaf => {
    const chunk = group.chunks[leaf] as IColumnChunk;
    return { chunk, ranges: [chunk], dictionary: 0, values: chunk.values };
  });
  return { column, leaves, rows: group.rows };
}

/** @param numbers Of the pages, ascending. */
function somePages(column: IColumn, known: IKnownPages, group: IRowGroup, numbers: readonly number[]): Planned {
  const { chunk, pages } = known;
  const dictionary = dictionaryFor(known, numbers[0] ?? 0);
  const ranges: IRange[] = sizeOf(dictionary) > 0 ? [dictionary] : [];
  let rows = 0;
  let previous = -2;
  for (const number of numbers) {
    const page = pages[number] as IPage;
    rows += (pages[number + 1]?.firstRow ?? group.rows) - page.firstRow;
    const last = ranges.at(-1);
    if (last !== undefined && number === previous + 1) {
      last.end = page.end;
    } else {
      ranges.push({ start: page.start, end: page.end });
    }
    previous = number;
  }
  return { column, leaves: [{ chunk, ranges, dictionary: sizeOf(dictionary), values: rows }], rows };
}

/**
 * Whether an offset index describes a chunk: pages that follow each other without gap to the chunk's end, and rows that
 * grow. One that does not is left aside, and the chunk read whole.
 */
export function isSound(pages: readonly IPage[], chunk: IColumnChunk, rows: number): boolean {
  return (
    pages.length > 0 &&
    pages[0]?.firstRow === 0 &&
    (pages[0]?.start ?? -1) >= chunk.start &&
    pages.at(-1)?.end === chunk.end &&
    pages.every((page, i) => {
      const next = pages[i + 1];
      return (
        page.end > page.start &&
        (next === undefined || next.start === page.end) &&
        page.firstRow < (next?.firstRow ?? rows)
      );
    })
  );
}

/** The column with only those leaves below it that are wanted by their path; null when none is. */
export function pruned(column: IColumn, isWanted: (path: string) => boolean, above = ''): IColumn | null {
  const path = above === '' ? column.element.name : `${above}.${column.element.name}`;
  if (column.leaf !== null || isWanted(path)) {
    return isWanted(path) ? column : null;
  }
  const children = column.children.flatMap(child => pruned(child, isWanted, path) ?? []);
  return children.length === 0 ? null : { ...column, children };
}
