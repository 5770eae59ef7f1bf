export { WorkerDecoder } from './decoder';
export type { IParquetDecoder, IWorkerDecoderOptions } from './decoder';
export { rowsOf } from './values';
export type { Row, Value } from './values';
