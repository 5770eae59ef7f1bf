import type { IStatisticsEnd } from '../../contract';
import type { ITwinstoreClient } from '../../tokens';
import { ReadingModel } from '../reading_model';
import type { TableModel } from './model';
import { markOf } from './model';

/** Tables of at most so many bytes are read at once; of a larger one it is asked first. */
const AT_ONCE_BYTES = 32_000_000;

/** Statistics of all rows of a version: every row is read for them. */
export class StatisticsModel extends ReadingModel {
  constructor(
    readonly table: TableModel,
    private readonly _client: ITwinstoreClient,
    private readonly _now: () => number = Date.now
  ) {
    super();
  }

  get statistics(): IStatisticsEnd | null {
    return this._statistics;
  }

  /** When they were read, in µs since the epoch. */
  get readUs(): number {
    return this._readUs;
  }

  /** Whether what is shown is of the version that is looked at. */
  get isCurrent(): boolean {
    const { data } = this.table;
    return data !== null && this._mark === markOf(data);
  }

  start(): void {
    this.table.stateChanged.connect(this._onTable, this);
    this._onTable();
  }

  async read(): Promise<void> {
    const { data } = this.table;
    if (data !== null && data.refusal === null) {
      await this.begin(async options => {
        const { location } = this.table;
        this._statistics = await this._client.statistics({ location, version: data.version }, options);
        this._mark = markOf(data);
        this._readUs = this._now() * 1000;
      });
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.table.stateChanged.disconnect(this._onTable, this);
    super.dispose();
  }

  private _onTable(): void {
    const { data } = this.table;
    if (data !== null && markOf(data) !== this._seen) {
      this._seen = markOf(data);
      if (data.bytes !== null && data.bytes <= AT_ONCE_BYTES) {
        void this.read();
      }
    }
    this.stateChanged.emit();
  }

  private _statistics: IStatisticsEnd | null = null;
  /** What they are of. */
  private _mark: string | null = null;
  private _readUs = 0;
  /** What was looked at last. */
  private _seen: string | null = null;
}
