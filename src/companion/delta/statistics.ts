import type { Data } from 'apache-arrow';

import type { IColumnStatistics } from '../../contract';
import { columnSummary } from './column_summary';
import type { IColumnSummary } from './column_summary';
import type { DataFile } from './data_file';
import type { IEngine } from './engine';
import type { Predicate } from './predicate';
import { fieldsNamed, projectionOf } from './projection';
import type { IProjection } from './projection';
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
    const fields = fieldsNamed(snapshot, options.columns);
    this.summaries = fields.map(columnSummary);
    this.binned = this.summaries.filter(({ bin }) => bin !== null);
    const again = fields.filter((_, i) => this.summaries[i]?.bin !== null);
    this.readings = (again.length === 0 ? [fields] : [fields, again]).map(each => projectionOf(snapshot, each));
  }

  /** Rows of the first reading so far. */
  rows = 0;

  /**
   * Bytes that the readings take, judged by the files that were opened so far. Null before the first, and with a
   * condition: which pages hold rows that satisfy it only the reading tells.
   */
  get plannedBytes(): number | null {
    const { size, bytes } = this.weighed;
    if (size === 0 || this.options.where !== undefined) {
      return null;
    }
    return Math.round((bytes * this.snapshot.files.reduce((sum, file) => sum + file.size, 0)) / size);
  }

  async read(signal: AbortSignal): Promise<IColumnStatistics[]> {
    await this.pass(
      this.summaries,
      signal,
      ({ add }, data) => add(data),
      file => this.weigh(file)
    );
    if (this.rows > 0 && this.binned.length > 0) {
      await this.pass(this.binned, signal, ({ bin }, data) => bin?.(data));
    }
    return this.summaries.map(({ result }) => result());
  }

  private async pass(
    summaries: readonly IColumnSummary[],
    signal: AbortSignal,
    take: (summary: IColumnSummary, data: Data) => void,
    onFile: (file: DataFile) => void = () => {}
  ): Promise<void> {
    const columns = summaries.map(({ name }) => name);
    const scan = new Scan(this.engine, this.snapshot, { ...this.options, columns, onFile });
    let rows = 0;
    for await (const { data, numRows } of scan.batches(signal)) {
      rows += numRows;
      this.rows = Math.max(this.rows, rows);
      summaries.forEach((summary, i) => take(summary, data.children[i] as Data));
      signal.throwIfAborted();
    }
  }

  private weigh(file: DataFile): void {
    this.weighed.size += file.size;
    this.weighed.bytes += this.readings.reduce((sum, reading) => sum + file.bytesOf(reading), 0);
  }

  private readonly summaries: readonly IColumnSummary[];
  /** Those that have bins. */
  private readonly binned: readonly IColumnSummary[];
  /** What is read, and what of it is read again. */
  private readonly readings: readonly IProjection[];
  /** Files that were opened, and what their readings take. */
  private readonly weighed = { size: 0, bytes: 0 };
}
