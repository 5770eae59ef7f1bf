/** What the decoding worker is asked, one file at a time. */
export interface IDecodeRequest {
  file: Uint8Array;
}

/** What it answers. */
export type IDecodeReply =
  | { ipc: Uint8Array; memory: number }
  /** `trapped`: the WebAssembly instance is no longer usable. */
  | { error: string; trapped: boolean };
