import type { IParquetMetadata } from './metadata';
import type { IPageValues, IWantedValues } from './page_values';

/** What a decoding worker is asked, one at a time. */
export type DecodeRequest =
  | { ask: 'footer'; footer: Uint8Array }
  | { ask: 'pages'; indexes: readonly Uint8Array[] }
  /** A file of one column: its rows [skip, skip + take) in batches of `batchRows`. */
  | { ask: 'column'; file: Uint8Array<ArrayBuffer>; skip: number; take: number; batchRows: number }
  /** Some values of a flat column. */
  | { ask: 'values'; wanted: IWantedValues };

/** What it answers. */
export interface IDecodeAnswers {
  footer: IParquetMetadata;
  /** Of each index the start, the end and the first row of each page, one after the other. */
  pages: Float64Array<ArrayBuffer>[];
  /** An Arrow IPC stream. */
  column: Uint8Array<ArrayBuffer>;
  /** Null where a page is only to be had as a whole. */
  values: IPageValues | null;
}

export type DecodeReply =
  | { answer: IDecodeAnswers[DecodeRequest['ask']]; memory: number }
  /** `trapped`: the WebAssembly instance is no longer usable. */
  | { error: string; trapped: boolean };
