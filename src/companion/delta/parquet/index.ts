export { damagedFile } from './damaged_file';
export { WorkerDecoder } from './decoder';
export type { IParquetDecoder, IWorkerDecoderOptions } from './decoder';
export { ParquetFile } from './file';
export type { ICheapRows, IRowWindow } from './file';
export type { IColumn } from './metadata';
export { pruned } from './planner';
