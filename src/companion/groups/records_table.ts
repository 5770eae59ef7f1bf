import { below, WatchedTable } from '../delta';
import type { IEngine, Row } from '../delta';

/** Where a small table of the ledger lies. */
export function besideTable(table: string, name: string): string {
  return below(table, `_twinstore/${name}`);
}

/** Records of a small table, converted once for as long as nothing is committed to it. */
export class RecordsTable<T> {
  constructor(
    engine: IEngine,
    private readonly location: string,
    private readonly convert: (row: Row, table: string) => T
  ) {
    this.table = new WatchedTable(engine, location);
  }

  async read(signal: AbortSignal): Promise<readonly T[]> {
    const rows = await this.table.rows(signal);
    if (rows !== this.convertedRows) {
      this.records = rows.map(row => this.convert(row, this.location));
      this.convertedRows = rows;
    }
    return this.records;
  }

  private readonly table: WatchedTable;
  private convertedRows: readonly Row[] | null = null;
  private records: readonly T[] = [];
}
