export { below, canonical, isS3, isWithin, resolveLogPath } from './address';
export { Limiter } from './limiter';
export { LocalStore } from './local';
export { readWhole } from './object_store';
export type { IEntry, IListing, IListOptions, IObjectStore, IReadOptions } from './object_store';
export { RoutedStore } from './routed';
export { createS3Client, S3Store } from './s3';
export type { IAccessKey } from './s3';
