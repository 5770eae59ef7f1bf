export type { IAddFile, IMetadata, IProtocol, ITxn } from './actions';
export { DecimalValue, ipcStream, jsonReader, rowsOf, textReader, timestampText } from './arrow';
export type { Row, Value } from './arrow';
export { physicalName } from './column_mapping';
export type { IEngine } from './engine';
export { deletedOf, recordsOf } from './file_statistics';
export { history } from './history';
export { logFolder } from './log_segment';
export type { ICommit } from './history';
export { LatestRows } from './lookup';
export type { ILatestOptions, KeyText } from './lookup';
export { isDay } from './partition_values';
export { parsePredicate } from './predicate';
export type { Predicate } from './predicate';
export { Preview } from './preview';
export type { IPreviewed, IPreviewOptions } from './preview';
export { rowHash } from './row_hash';
export { Scan } from './scan';
export type { IScanOptions } from './scan';
export { typeName } from './schema';
export type { DeltaType, ISchemaField } from './schema';
export { openSnapshot } from './snapshot';
export type { Snapshot } from './snapshot';
export { readFile } from './table';
export { Statistics } from './statistics';
export type { IStatisticsOptions } from './statistics';
export { committedMs, versionAt } from './timestamps';
export { isCurrent, Watched, WatchedTable } from './watched_table';
export { WorkerDecoder } from './parquet';
export {
  below,
  canonical,
  CountingStore,
  createS3Client,
  isS3,
  isSamePlace,
  isWithin,
  Limiter,
  LocalStore,
  resolveLogPath,
  RoutedStore,
  S3Store
} from './store';
export type { IAccessKey, IObjectStore } from './store';
