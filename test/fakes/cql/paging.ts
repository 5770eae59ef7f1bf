import type { IRows } from './messages';
import type { IPaging } from './plan';
import { inTokenOrder } from './row';
import type { Row } from './row';
import type { IRules } from './rules';

/** The last row that was looked at for the page before, and how many rows the LIMIT leaves. */
interface IPosition {
  token: string;
  id: string;
  left: number | null;
}

/**
 * A page of those candidates that pass: it ends when it has rows or bytes enough, so that the last one may be empty.
 *
 * @param candidates In the order of a scan, if there is more than one page.
 * @param limit Rows of all pages together; null for any number.
 * @param paging Null where all is to be one page.
 */
export function onePage(
  candidates: readonly Row[],
  passes: (row: Row) => boolean,
  read: (row: Row) => (Buffer | null)[],
  limit: number | null,
  paging: IPaging | null,
  { max_page_bytes }: IRules
): Pick<IRows, 'rows' | 'pagingState'> {
  const position = paging?.pagingState ? (JSON.parse(paging.pagingState.toString('utf8')) as IPosition) : null;
  const left = position === null ? limit : position.left;
  const rows: (Buffer | null)[][] = [];
  let bytes = 0;
  for (let at = position === null ? 0 : firstAfter(candidates, position); at < candidates.length; at++) {
    const row = candidates[at] as Row;
    if (passes(row)) {
      const values = read(row);
      rows.push(values);
      bytes += values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    }
    if (rows.length === left || at === candidates.length - 1) {
      break;
    }
    if (paging !== null && isFull(rows.length, bytes, paging.pageSize, max_page_bytes)) {
      const next: IPosition = { token: String(row.token), id: row.id, left: left === null ? null : left - rows.length };
      return { rows, pagingState: Buffer.from(JSON.stringify(next), 'utf8') };
    }
  }
  return { rows, pagingState: null };
}

function isFull(rows: number, bytes: number, pageSize: number | null, maxBytes: number | null): boolean {
  // A size of 0 or less asks for no pages.
  return (pageSize !== null && pageSize > 0 && rows >= pageSize) || (maxBytes !== null && bytes >= maxBytes);
}

/** Where a scan goes on; the row itself may be gone meanwhile. */
function firstAfter(candidates: readonly Row[], { token, id }: IPosition): number {
  const before = { token: BigInt(token), id };
  let [from, to] = [0, candidates.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (inTokenOrder(candidates[middle] as Row, before) > 0) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}
