import type { Receipt } from '../../contract';
import type { IEngine, Snapshot } from '../delta';
import { toReceipt } from './records';
import { besideTable, RecordsTable } from './records_table';

/** The receipts of a feature group's table. */
export class Receipts {
  /** @param table Canonical location. */
  constructor(engine: IEngine, table: string) {
    this.records = new RecordsTable(engine, besideTable(table, 'receipts'), toReceipt);
  }

  /** Those of the table, newest first; those of an older table of the same name do not count. */
  async of({ metadata }: Snapshot, signal: AbortSignal): Promise<Receipt[]> {
    const receipts = await this.records.read(signal);
    return receipts.filter(({ table_id }) => table_id === metadata.id).sort((a, b) => b.at_us - a.at_us);
  }

  private readonly records: RecordsTable<Receipt>;
}
