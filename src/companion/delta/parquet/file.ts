import { DataType, tableFromIPC } from 'apache-arrow';
import type { Data } from 'apache-arrow';

import { TwinstoreError } from '../../../contract';
import { take } from '../arrow';
import { Limiter, sideBySide } from '../store';
import type { IObjectStore, IRange } from '../store';
import { damagedFile } from './damaged_file';
import { WORKERS } from './decoder';
import type { IParquetDecoder } from './decoder';
import { FileBytes } from './file_bytes';
import { flatColumn, flatType } from './flat_type';
import type { IFlatType } from './flat_type';
import { pagesOf } from './metadata';
import type { IColumn, IColumnChunk, IPage, IParquetMetadata, IRowGroup } from './metadata';
import { miniFile } from './mini_file';
import { pageCodec } from './page';
import type { PageCodec } from './page';
import type { IWantedValues } from './page_values';
import { bytesOfRows, holdsInt96, isFlat, isSound, leavesOf, planColumn, planRows } from './planner';
import type { IColumnPlan, PageIndex } from './planner';

/** The footer's length and the magic number after it. */
const ENDING = 8;
/** Bytes of a footer that is parsed, which takes twenty times as much memory. */
const MAX_FOOTER = 16 * 1024 * 1024;
const NO_PAGES: PageIndex = new Map();
/** Rows of which values are taken one by one; of more, whole pages are decoded. */
const MAX_SINGLE = 16_384;
/** Places in a row group that are weighed against each other. */
const MAX_STARTS = 64;

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
  group: number;
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
    const isFew = window.take <= Math.min(window.batchRows, MAX_SINGLE);
    return sideBySide(plans, signal, async (plan, either, i) => {
      const parts = bytes[i] ?? [];
      const few = isFew ? await this.singleValues(plan, placesOf, parts, either) : null;
      return few === null ? this.decodeColumn(plan, parts, window, either) : [few];
    });
  }

  /** The values of each column at some rows of a row group, which are given in ascending order. */
  async readRows(columns: readonly IColumn[], group: number, rows: Uint32Array, signal: AbortSignal): Promise<Data[]> {
    const rowGroup = this.rowGroups[group] as IRowGroup;
    const pages = await this.pages(columns, group, signal);
    const planned = columns.map(column => planRows(column, rowGroup, pages, rows));
    const kept = this.whole.group === group ? this.whole.columns : new Map<IColumn, Data>();
    const missing = planned.filter(({ plan }) => !kept.has(plan.column));
    const bytes = await this.fetch(
      missing.map(({ plan }) => plan),
      signal
    );
    const taken = new Map<IColumn, Data>();
    await sideBySide(missing, signal, async ({ plan, places }, either, i) => {
      const { column } = plan;
      const parts = bytes[i] ?? [];
      const isSplit = this.isSplittable(column, group);
      const isFew = isSplit && rows.length <= MAX_SINGLE;
      const few = isFew ? await this.singleValues(plan, () => places, parts, either) : null;
      if (few !== null) {
        taken.set(column, few);
        return;
      }
      const [all] = await this.decodeColumn(plan, parts, { batchRows: plan.rows }, either);
      if (isSplit) {
        taken.set(column, take(all as Data, places));
      } else {
        kept.set(column, all as Data);
      }
    });
    this.whole = { group, columns: kept };
    return planned.map(({ plan, places }) => taken.get(plan.column) ?? take(kept.get(plan.column) as Data, places));
  }

  /**
   * The rows that take the fewest bytes: from where some page of some column starts in a row group, as many as wanted.
   *
   * @param lengthFrom Rows to take from a row of a row group on; null when there are too few.
   */
  async cheapest(
    columns: readonly IColumn[],
    lengthFrom: (group: number, first: number) => number | null,
    signal: AbortSignal
  ): Promise<ICheapRows | null> {
    const groups = this.rowGroups.map((_, group) => group);
    await this.loadPages(columns, groups, signal);
    let best: ICheapRows | null = null;
    for (const group of groups) {
      const rowGroup = this.rowGroups[group] as IRowGroup;
      const pages = this.pagesOf(rowGroup);
      const starts = [...new Set([0, ...[...pages.values()].flat().map(({ firstRow }) => firstRow)])];
      // Any will do nearly as well as its neighbours.
      const step = Math.ceil(starts.length / MAX_STARTS);
      for (let i = 0; i < starts.length; i += step) {
        const first = starts[i] as number;
        const length = lengthFrom(group, first);
        if (length !== null) {
          const bytes = bytesOfColumns(columns, rowGroup, pages, first, length);
          best = best === null || bytes < best.bytes ? { group, first, bytes } : best;
        }
      }
    }
    return best;
  }

  /** Bytes to read for rows of a row group of which `cheapest` has read the page index. */
  bytesOfRows(columns: readonly IColumn[], group: number, first: number, take: number): number {
    const rowGroup = this.rowGroups[group] as IRowGroup;
    return bytesOfColumns(columns, rowGroup, this.pagesOf(rowGroup), first, take);
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

  /**
   * The other way through the seam, for few rows: the values of a plan at some places, without decoding what stands
   * between. Null where single values are not to be had.
   */
  private async singleValues(
    plan: IColumnPlan,
    placesIn: (plan: IColumnPlan) => Uint32Array,
    bytes: readonly (readonly Uint8Array[])[],
    signal: AbortSignal
  ): Promise<Data | null> {
    const { column, leaves } = plan;
    const type = flatType(column.element);
    const codec = isFlat(column) ? pageCodec(leaves[0]?.chunk as IColumnChunk) : null;
    if (type === null || codec === null) {
      return null;
    }
    const taken = await this.ahead.run(() => {
      const wanted = wantedValues(plan, type, codec, bytes.flat(), placesIn(plan));
      const moved = wanted.pages.map(({ buffer }) => buffer);
      return this.decoder.ask({ ask: 'values', wanted }, this.location, signal, moved);
    }, signal);
    return taken && flatColumn(column.element, type, taken);
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
    const request = { ask: 'column', file, skip, take, batchRows } as const;
    const ipc = await this.decoder.ask(request, this.location, signal, [file.buffer]);
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

  private async pages(columns: readonly IColumn[], group: number, signal: AbortSignal): Promise<PageIndex> {
    await this.loadPages(columns, [group], signal);
    return this.pagesOf(this.rowGroups[group] as IRowGroup);
  }

  /** Reads the offset indexes of flat columns, those of some row groups at once. */
  private async loadPages(columns: readonly IColumn[], groups: readonly number[], signal: AbortSignal): Promise<void> {
    const leaves = columns.filter(isFlat).flatMap(leavesOf);
    const missing = groups.flatMap(group =>
      leaves.flatMap(leaf => {
        const chunk = this.rowGroups[group]?.chunks[leaf] as IColumnChunk;
        return chunk.offsetIndex === null || this.index.has(chunk) ? [] : [{ chunk, range: chunk.offsetIndex }];
      })
    );
    if (missing.length > 0) {
      const ranges = missing.map(({ range }) => range);
      const indexes = await this.bytes.read(ranges, signal);
      const parsed = await this.decoder.ask({ ask: 'pages', indexes }, this.location, signal);
      missing.forEach(({ chunk }, i) => this.index.set(chunk, pagesOf(parsed[i] as Float64Array)));
    }
  }

  /** Pages of a row group that are known, where its offset indexes can be used. */
  private pagesOf({ chunks, rows }: IRowGroup): PageIndex {
    return new Map(
      chunks.flatMap((chunk, leaf): [number, readonly IPage[]][] => {
        const known = this.index.get(chunk);
        return known !== undefined && isSound(known, chunk, rows) ? [[leaf, known]] : [];
      })
    );
  }

  /** One column is made ready while each worker has one: more would only take memory. */
  private readonly ahead = new Limiter(WORKERS + 1);
  private recent: ReadonlyMap<string, Uint8Array> = new Map();
  /** Columns of one row group that are only to be had as a whole, for calls that want other rows of them. */
  private whole: { group: number; columns: Map<IColumn, Data> } = { group: -1, columns: new Map() };
  private readonly index = new Map<IColumnChunk, readonly IPage[]>();
}

function bytesOfColumns(
  columns: readonly IColumn[],
  group: IRowGroup,
  pages: PageIndex,
  first: number,
  take: number
): number {
  return columns.reduce((sum, column) => sum + bytesOfRows(column, group, pages, first, take), 0);
}

/** The wanted rows of a plan among all that its bytes hold. */
function placesOf({ skip, take: length }: IColumnPlan): Uint32Array {
  const places = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    places[i] = skip + i;
  }
  return places;
}

function wantedValues(
  { column, rows }: IColumnPlan,
  { arrow, width }: IFlatType,
  codec: PageCodec,
  bytes: readonly Uint8Array[],
  places: Uint32Array
): IWantedValues {
  const isNullable = column.element.repetition_type === 'OPTIONAL';
  const isText = DataType.isUtf8(arrow);
  // Copies, which move to the worker: the bytes are kept for calls that follow.
  return { width, isText, isNullable, codec, pages: bytes.map(part => new Uint8Array(part)), rows, places };
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
