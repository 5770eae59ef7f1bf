import type { Data } from 'apache-arrow';

import type { IColumnStatistics } from '../../contract';
import { columnSummary } from './column_summary';
import type { IColumnSummary } from './column_summary';
import type { IEngine } from './engine';
import type { Predicate } from './predicate';
import { fieldsNamed } from './projection';
import { Scan } from './scan';
import type { Snapshot } from './snapshot';

export interface IStatisticsOptions {
  /** Names, in the order wanted; all columns of the schema when absent. */
  columns?: readonly string[];
  /** Only of rows for which this is true. */
  where?: Predicate;
}

/**
 * Statistics of columns by reading every row, in memory that does not grow with the table. Bins are exact: columns that
 * have some (numbers and times) are read a second time once their bounds are known, which costs their bytes and decoding
 * twice.
 */
export class Statistics {
  /** Throws `bad_request` for a column that is not there, `unsupported` for what is not read. */
  constructor(
    private readonly engine: IEngine,
    private readonly snapshot: Snapshot,
    private readonly options: IStatisticsOptions = {}
  ) {
    this.summaries = fieldsNamed(snapshot, options.columns).map(columnSummary);
  }

  /** Rows of the first reading so far. */
  rows = 0;

  async read(signal: AbortSignal): Promise<IColumnStatistics[]> {
    await this.pass(this.summaries, signal, ({ add }, data) => add(data));
    const binned = this.summaries.filter(({ bin }) => bin !== null);
    if (this.rows > 0 && binned.length > 0) {
      await this.pass(binned, signal, ({ bin }, data) => bin?.(data));
    }
    return this.summaries.map(({ result }) => result());
  }

  private async pass(
    summaries: readonly IColumnSummary[],
    signal: AbortSignal,
    take: (summary: IColumnSummary, data: Data) => void
  ): Promise<void> {
    const columns = summaries.map(({ name }) => name);
    let rows = 0;
    for await (const { data, numRows } of new Scan(this.engine, this.snapshot, { ...this.options, columns }).batches(
      signal
    )) {
      rows += numRows;
      this.rows = Math.max(this.rows, rows);
      summaries.forEach((summary, i) => take(summary, data.children[i] as Data));
      signal.throwIfAborted();
    }
  }

  private readonly summaries: readonly IColumnSummary[];
}
