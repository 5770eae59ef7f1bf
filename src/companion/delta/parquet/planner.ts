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
  const leaves = leavesOf(column).map(leaf => ({ leaf, chunk: group.chunks[leaf] as IColumnChunk }));
  const [only] = leaves;
  const known = only === undefined || !isFlat(column) ? undefined : pages.get(only.leaf);
  if (only === undefined || known === undefined || take >= group.rows) {
    const whole = leaves.map(({ chunk }) => ({ chunk, ranges: [chunk], dictionary: 0, values: chunk.values }));
    return { column, leaves: whole, rows: group.rows, skip: first, take };
  }
  const from = known.findLastIndex(({ firstRow }) => firstRow <= first);
  const next = known.findIndex(({ firstRow }) => firstRow >= first + take);
  const to = next < 0 ? known.length : next;
  const start = (known[from] as IPage).firstRow;
  const rows = (known[to]?.firstRow ?? group.rows) - start;
  const wanted = { start: (known[from] as IPage).start, end: (known[to - 1] as IPage).end };
  const dictionary = { start: only.chunk.start, end: (known[0] as IPage).start };
  const ranges = dictionary.end > dictionary.start ? [dictionary, wanted] : [wanted];
  const leaf = { chunk: only.chunk, ranges, dictionary: dictionary.end - dictionary.start, values: rows };
  return { column, leaves: [leaf], rows, skip: first - start, take };
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
