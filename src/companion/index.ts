export { loadSettings, settingsCandidates } from './config';
export {
  canonical,
  CountingStore,
  deletedOf,
  history,
  ipcStream,
  jsonReader,
  openSnapshot,
  isDay,
  parsePredicate,
  recordsOf,
  Scan,
  textReader,
  timestampText,
  typeName,
  versionAt
} from './delta';
export type { IAddFile, ICommit, IEngine, ISchemaField, Predicate, Snapshot } from './delta';
export { openOffline } from './offline';
export type { IOffline } from './offline';
export { Redactor } from './redaction';
export { CurrentServices } from './services';
export type { IServiceContext, IServices } from './services';
