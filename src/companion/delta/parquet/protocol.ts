/** What the decoding worker is asked. */
export interface IDecodeRequest {
  id: number;
  file: Uint8Array;
}

/** What it answers. */
export type IDecodeReply =
  | { id: number; ipc: Uint8Array; memory: number }
  /** `trapped`: the WebAssembly instance is no longer usable. */
  | { id: number; error: string; trapped: boolean };
