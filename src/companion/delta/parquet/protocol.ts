import type { IPage, IParquetMetadata } from './metadata';

/** What the decoding worker is asked, one at a time. */
export type DecodeRequest =
  | { ask: 'footer'; footer: Uint8Array }
  | { ask: 'pages'; indexes: readonly Uint8Array[] }
  /** A file of one column: its rows [skip, skip + take) in batches of `batchRows`. */
  | { ask: 'column'; file: Uint8Array<ArrayBuffer>; skip: number; take: number; batchRows: number };

/** What it answers. */
export interface IDecodeAnswers {
  footer: IParquetMetadata;
  pages: IPage[][];
  /** An Arrow IPC stream. */
  column: Uint8Array<ArrayBuffer>;
}

export type DecodeReply =
  | { answer: IDecodeAnswers[DecodeRequest['ask']]; memory: number }
  /** `trapped`: the WebAssembly instance is no longer usable. */
  | { error: string; trapped: boolean };
