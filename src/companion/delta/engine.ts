import type { IParquetDecoder } from './parquet';
import type { IObjectStore } from './store';

/** What reading Delta needs from outside. */
export interface IEngine {
  store: IObjectStore;
  decoder: IParquetDecoder;
}
