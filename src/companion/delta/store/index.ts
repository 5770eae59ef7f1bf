export { below, canonical, isS3, isWithin, resolveLogPath } from './address';
export { CountingStore } from './counting';
export { Limiter } from './limiter';
export { LocalStore } from './local';
export type { IEntry, IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';
export { readRanges, readWhole } from './ranges';
export { RoutedStore } from './routed';
export { createS3Client, S3Store } from './s3';
export type { IAccessKey } from './s3';
