import { tableFromIPC } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { TwinstoreError } from '../../../contract';
import { take } from '../arrow';
import { Limiter } from '../store';
import type { IObjectStore, IRange } from '../store';
import { damagedFile } from './damaged_file';
import type { IParquetDecoder } from './decoder';
import { FileBytes } from './file_bytes';
import type { IColumn, IColumnChunk, IPage, IParquetMetadata, IRowGroup } from './metadata';
import { miniFile } from './mini_file';
import { bytesOfRows, holdsInt96, isFlat, isSound, leavesOf, planColumn, planRows } from './planner';
import type { IColumnPlan, PageIndex } from './planner';

/** The footer's length and the magic number after it. */
const ENDING = 8;
/** Bytes of a footer that is parsed, which takes twenty times as much memory. */
const MAX_FOOTER = 16 * 1024 * 1024;
const NO_PAGES: PageIndex = new Map();
/** Places in a row group that are weighed against each other. */
const MAX_STARTS = 512;

/** Rows of a row group: [first, first + take), in batches of at most `batchRows`. */
export interface IRowWindow {
  group: number;
  first: number;
  take: number;
  batchRows: number;
  /** Whether text is to come as Arrow dictionaries, which a file's own dictionaries become without any work. */
  encoded?: boolean;
}

/** Rows of a row group from `first` on, and the bytes to read for them. */
export interface ICheapRows {
  first: number;
  bytes: number;
}

/** A Parquet file of which only what is asked for is read. */
export class ParquetFile {
  /**
   * Reads the footer.
   *
   * @param size Bytes, as the log says; a file of another size is refused.
   *
   * Throws `store_failed` for a damaged file, `unsupported` for an encrypted one, and what the store throws.
   */
  static async open(
    store: IObjectStore,
    decoder: IParquetDecoder,
    location: string,
    size: number,
    signal: AbortSignal
  ): Promise<ParquetFile> {
    const bytes = await FileBytes.open(store, location, size, signal);
    const start = size - ENDING - footerLength(bytes);
    const [footer] = await bytes.read([{ start, end: size }], signal);
    const metadata = await decoder.ask({ ask: 'footer', footer: footer as Uint8Array }, location, signal);
    return new ParquetFile(decoder, bytes, metadata);
  }

  private constructor(
    private readonly decoder: IParquetDecoder,
    private readonly bytes: FileBytes,
    private readonly metadata: IParquetMetadata
  ) {}

  get location(): string {
    return this.bytes.location;
  }

  /** Bytes of its end, which are read first and kept. */
  get openedBytes(): number {
    return this.bytes.tail.length;
  }

  /** Bytes that all rows of some columns take, its end among them; about, where row groups are read in parts. */
  bytesOf(columns: readonly IColumn[]): number {
    const leaves = columns.flatMap(leavesOf);
    const bytes = this.rowGroups.map(({ chunks }) =>
      this.bytes.costOf(leaves.map(leaf => chunks[leaf] as IColumnChunk))
    );
    return bytes.reduce((sum, each) => sum + each, this.openedBytes);
  }

  get columns(): readonly IColumn[] {
    return this.metadata.columns;
  }

  get rowGroups(): readonly IRowGroup[] {
    return this.metadata.rowGroups;
  }

  /** Whether the dates and timestamps of a column are in the calendar that Spark had before version 3. */
  legacyOf(column: IColumn): { dates: boolean; timestamps: boolean } {
    const { dateTime, int96 } = this.metadata.legacyCalendar;
    return { dates: dateTime, timestamps: holdsInt96(column) ? int96 : dateTime };
  }

  /** Uncompressed bytes of a row of these columns. */
  bytesPerRow(columns: readonly IColumn[], group: number): number {
    const { rows, chunks } = this.rowGroups[group] as IRowGroup;
    const leaves = columns.flatMap(leavesOf);
    return leaves.reduce((sum, leaf) => sum + (chunks[leaf] as IColumnChunk).uncompressed, 0) / Math.max(1, rows);
  }

  /** Whether rows of a column can be read without its whole chunk. */
  isSplittable(column: IColumn, group: number): boolean {
    const { chunks } = this.rowGroups[group] as IRowGroup;
    return isFlat(column) && (chunks[column.leaf as number] as IColumnChunk).offsetIndex !== null;
  }

  /** Batches of each column, in the columns' order; all columns have batches of the same lengths. */
  async read(columns: readonly IColumn[], window: IRowWindow, signal: AbortSignal): Promise<Data[][]> {
    const group = this.rowGroups[window.group] as IRowGroup;
    const pages = window.take < group.rows ? await this.pages(columns, window.group, signal) : NO_PAGES;
    const plans = columns.map(column => planColumn(column, group, pages, window.first, window.take));
    const bytes = await this.fetch(plans, signal);
    return Promise.all(plans.map((plan, i) => this.decodeColumn(plan, bytes[i] ?? [], window, signal)));
  }

  /** The values of each column at some rows of a row group, which are given in ascending order. */
  async readRows(columns: readonly IColumn[], group: number, rows: Uint32Array, signal: AbortSignal): Promise<Data[]> {
    const rowGroup = this.rowGroups[group] as IRowGroup;
    const pages = await this.pages(columns, group, signal);
    const planned = columns.map(column => planRows(column, rowGroup, pages, rows));
    const kept = this.whole.group === group ? this.whole.columns : new Map<IColumn, Data>();
    const missing = planned.map(({ plan }) => plan).filter(({ column }) => !kept.has(column));
    const bytes = await this.fetch(missing, signal);
    const decoded = await Promise.all(
      missing.map(async (plan, i): Promise<[IColumn, Data]> => {
        const [data] = await this.decodeColumn(plan, bytes[i] ?? [], { batchRows: plan.rows }, signal);
        return [plan.column, data as Data];
      })
    );
    const known = new Map([...kept, ...decoded]);
    this.whole = { group, columns: new Map([...known].filter(([column]) => !this.isSplittable(column, group))) };
    return planned.map(({ plan, places }) => take(known.get(plan.column) as Data, places));
  }

  /**
   * The rows of a row group that take the fewest bytes: from where some page of some column starts, as many as wanted.
   *
   * @param lengthFrom Rows to take from a row on; null when there are too few.
   */
  async cheapest(
    columns: readonly IColumn[],
    group: number,
    lengthFrom: (first: number) => number | null,
    signal: AbortSignal
  ): Promise<ICheapRows | null> {
    const rowGroup = this.rowGroups[group] as IRowGroup;
    const pages = await this.pages(columns, group, signal);
    const starts = [...new Set([0, ...[...pages.values()].flat().map(({ firstRow }) => firstRow)])];
    // Any will do nearly as well as its neighbours.
    const step = Math.ceil(starts.length / MAX_STARTS);
    let best: ICheapRows | null = null;
    for (let i = 0; i < starts.length; i += step) {
      const first = starts[i] as number;
      const length = lengthFrom(first);
      if (length !== null) {
        const bytes = columns.reduce((sum, column) => sum + bytesOfRows(column, rowGroup, pages, first, length), 0);
        best = best === null || bytes < best.bytes ? { first, bytes } : best;
      }
    }
    return best;
  }

  /** The bytes of each range of each leaf of some plans. */
  private async fetch(plans: readonly IColumnPlan[], signal: AbortSignal): Promise<Uint8Array[][][]> {
    const bytes = await this.take(plans.flatMap(rangesOf), signal);
    let at = 0;
    return plans.map(({ leaves }) => leaves.map(({ ranges }) => ranges.map(() => bytes[at++] as Uint8Array)));
  }

  /** Bytes that the read before also took, such as dictionaries and chunks that are read whole, are not fetched again. */
  private async take(ranges: readonly IRange[], signal: AbortSignal): Promise<Uint8Array[]> {
    const missing = ranges.filter(range => !this.recent.has(keyOf(range)));
    const fetched = await this.bytes.read(missing, signal);
    const known = new Map(missing.map((range, i) => [keyOf(range), fetched[i] as Uint8Array]));
    const taken = ranges.map(range => (known.get(keyOf(range)) ?? this.recent.get(keyOf(range))) as Uint8Array);
    this.recent = new Map(ranges.map((range, i) => [keyOf(range), taken[i] as Uint8Array]));
    return taken;
  }

  /** The seam: planned bytes of one column to Arrow, in batches. */
  private decodeColumn(
    plan: IColumnPlan,
    bytes: readonly (readonly Uint8Array[])[],
    window: Pick<IRowWindow, 'batchRows' | 'encoded'>,
    signal: AbortSignal
  ): Promise<Data[]> {
    return this.ahead.run(() => this.decode(plan, bytes, window, signal), signal);
  }

  private async decode(
    plan: IColumnPlan,
    bytes: readonly (readonly Uint8Array[])[],
    { batchRows, encoded = false }: Pick<IRowWindow, 'batchRows' | 'encoded'>,
    signal: AbortSignal
  ): Promise<Data[]> {
    const { skip, take } = plan;
    const file = miniFile(plan, bytes, encoded);
    const ipc = await this.decoder.ask({ ask: 'column', file, skip, take, batchRows }, this.location, signal);
    const batches = tableFromIPC(ipc).batches.map(({ data }) => data.children[0] as Data);
    const isWhole = batches.every(({ length }, i) => length === Math.min(batchRows, take - i * batchRows));
    if (!isWhole || batches.length !== Math.ceil(take / batchRows)) {
      throw damagedFile(
        this.location,
        `${plan.column.element.name} has not the ${plan.rows} rows that the footer says`
      );
    }
    return batches;
  }

  /** Pages of the flat columns of a row group, where the file has an offset index that can be used. */
  private async pages(columns: readonly IColumn[], group: number, signal: AbortSignal): Promise<PageIndex> {
    const { chunks, rows } = this.rowGroups[group] as IRowGroup;
    const indexed = columns.filter(isFlat).flatMap(column =>
      leavesOf(column).flatMap(leaf => {
        const chunk = chunks[leaf] as IColumnChunk;
        return chunk.offsetIndex === null || this.index.has(chunk) ? [] : [{ chunk, range: chunk.offsetIndex }];
      })
    );
    if (indexed.length > 0) {
      const ranges = indexed.map(({ range }) => range);
      const indexes = await this.bytes.read(ranges, signal);
      const parsed = await this.decoder.ask({ ask: 'pages', indexes }, this.location, signal);
      indexed.forEach(({ chunk }, i) => this.index.set(chunk, parsed[i] ?? []));
    }
    return new Map(
      chunks.flatMap((chunk, leaf): [number, readonly IPage[]][] => {
        const known = this.index.get(chunk);
        return known !== undefined && isSound(known, chunk, rows) ? [[leaf, known]] : [];
      })
    );
  }

  /** One column is made ready while another is decoded: more would only take memory. */
  private readonly ahead = new Limiter(2);
  private recent: ReadonlyMap<string, Uint8Array> = new Map();
  /** Columns of one row group that are only to be had as a whole, for calls that want other rows of them. */
  private whole: { group: number; columns: ReadonlyMap<IColumn, Data> } = { group: -1, columns: new Map() };
  private readonly index = new Map<IColumnChunk, readonly IPage[]>();
}

function keyOf({ start, end }: IRange): string {
  return `${start}-${end}`;
}

function rangesOf({ leaves }: IColumnPlan): IRange[] {
  return leaves.flatMap(({ ranges }) => ranges);
}

/** Bytes of the footer; sees the cheap signs of a file that was cut off, is encrypted or is no Parquet. */
function footerLength({ tail, location, size }: FileBytes): number {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const magic = bytes.toString('latin1', Math.max(0, bytes.length - 4));
  if (magic === 'PARE') {
    throw new TwinstoreError('unsupported', `${location} is encrypted Parquet.`, 'Encrypted files are not read.');
  }
  if (bytes.length < ENDING + 4 || magic !== 'PAR1') {
    throw damagedFile(location, 'it does not end with PAR1');
  }
  const length = bytes.readUInt32LE(bytes.length - ENDING);
  if (length + ENDING > size) {
    throw damagedFile(location, `its footer claims ${length} bytes`);
  }
  if (length > MAX_FOOTER) {
    throw new TwinstoreError(
      'unsupported',
      `${location} has a footer of ${length} bytes; up to ${MAX_FOOTER} are read.`,
      'Write the file again in fewer row groups.'
    );
  }
  return length;
}
